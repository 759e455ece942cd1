package report

import "encoding/binary"

// message is fields of a protocol buffer.
type message []byte

// Fields of profile.proto, by the messages that have them.
const (
	profileSampleType, profileSample, profileMapping, profileLocation, profileFunction, profileText = 1, 2, 3, 4, 5, 6
	profileTime, profilePeriodType, profilePeriod, profileComment                                   = 9, 11, 12, 13

	valueType, valueUnit                                       = 1, 2
	sampleLocation, sampleValue, sampleLabel                   = 1, 2, 3
	labelKeyText, labelValue, labelNumber, labelUnit           = 1, 2, 3, 4
	mappingID, mappingFunctions, mappingFiles, mappingLines    = 1, 7, 8, 9
	locationID, locationMapping, locationAddress, locationLine = 1, 2, 3, 4
	lineFunction, lineNumber                                   = 1, 2
	functionID, functionText, functionSystem, functionFile     = 1, 2, 3, 4
)

// The ways in which a field's value is written.
const (
	varint = 0
	sized  = 2
)

// number appends a field that is a number. 0 is what is read where there is none.
func (m message) number(field int, n uint64) message {
	if n == 0 {
		return m
	}
	return binary.AppendUvarint(binary.AppendUvarint(m, uint64(field)<<3|varint), n)
}

// bytes appends a field that is a text or a message.
func (m message) bytes(field int, b []byte) message {
	m = binary.AppendUvarint(binary.AppendUvarint(m, uint64(field)<<3|sized), uint64(len(b)))
	return append(m, b...)
}

// numbers appends a field that is a list of numbers.
func (m message) numbers(field int, list ...uint64) message {
	var packed []byte
	for _, n := range list {
		packed = binary.AppendUvarint(packed, n)
	}
	return m.bytes(field, packed)
}
