package trend

import "slices"

// surroundings are what is known of a series from others, and of a lifetime.
type surroundings struct {
	sites [][]int // series that are parked at one call site
	site  []int   // of each series
	level map[siteAge][]int
	peer  []bool  // series that wait for peers
	youth []youth // of each lifetime
}

type siteAge struct{ life, site, age int }

func (j *judged) lookAround() surroundings {
	a := surroundings{sites: j.groups(siteKey), site: make([]int, len(j.series)), level: map[siteAge][]int{}}
	for i, g := range a.sites {
		for _, n := range g {
			a.site[n] = i
		}
	}
	a.peer = j.findPeers()
	for life := range j.lives {
		a.youth = append(a.youth, j.youthOf(life))
	}
	return a
}

// siblings are the levels of what else is parked at the site of some series, of
// those past an age; nil if there is nothing.
func (j *judged) siblings(life int, members []int, age int) []int {
	site := j.around.site[members[0]]
	if j.grouped || len(j.around.sites[site]) == 1 || !j.watched[life].ids {
		return nil
	}
	key := siteAge{life, site, age}
	all, ok := j.around.level[key]
	if !ok {
		all = make([]int, len(j.watched[life].dumps)-age)
		for _, n := range j.around.sites[site] {
			addLevel(all, &j.tracks[life][n], age, 1)
		}
		j.around.level[key] = all
	}
	level := slices.Clone(all)
	for _, n := range members {
		if j.around.site[n] == site {
			addLevel(level, &j.tracks[life][n], age, -1)
		}
	}
	return level
}

func addLevel(sum []int, t *track, age, sign int) {
	if t.since == nil {
		return
	}
	for i := range sum {
		for _, k := range t.since[i+age][:i+1] {
			sum[i] += sign * int(k)
		}
	}
}
