// Package bus stands for a third-party client library: a connection to a
// message bus whose subscriptions must be closed. It is part of the demo.
package bus

import (
	"slices"
	"sync"
)

// Message is what a topic carries.
type Message struct{ Topic, Body string }

// Conn is a connection with its subscriptions.
type Conn struct {
	mu   sync.Mutex
	subs []*Subscription
}

// Dial connects to the bus.
func Dial() *Conn { return &Conn{} }

// Subscription hands out the messages of one topic on C, until it is closed.
type Subscription struct {
	C     <-chan Message
	topic string
	in    chan Message
	out   chan Message
	done  chan struct{}
}

// Subscribe starts delivering a topic. The caller must read C until Close: a
// message that nobody reads stops the delivery for good.
func (c *Conn) Subscribe(topic string) *Subscription {
	s := &Subscription{topic: topic, in: make(chan Message, 8), out: make(chan Message), done: make(chan struct{})}
	s.C = s.out
	c.mu.Lock()
	c.subs = append(c.subs, s)
	c.mu.Unlock()
	go s.deliver()
	return s
}

// deliver hands messages over one by one; it waits for the reader of each.
func (s *Subscription) deliver() {
	defer close(s.done)
	for m := range s.in {
		s.out <- m
	}
}

// Publish sends a message to the topic's subscriptions.
func (c *Conn) Publish(m Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.subs {
		if s.topic == m.Topic {
			s.in <- m
		}
	}
}

// Close ends all subscriptions and waits until their goroutines have ended.
func (c *Conn) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.subs {
		s.end()
	}
	c.subs = nil
}

// Unsubscribe ends one subscription and waits until its goroutine has ended.
func (c *Conn) Unsubscribe(s *Subscription) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := slices.Index(c.subs, s); i >= 0 {
		c.subs = slices.Delete(c.subs, i, i+1)
		s.end()
	}
}

// end drops the messages that nobody has read.
func (s *Subscription) end() {
	close(s.in)
	for {
		select {
		case <-s.out:
		case <-s.done:
			return
		}
	}
}
