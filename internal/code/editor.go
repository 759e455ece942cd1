package code

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/kballard/go-shellquote"
)

// ErrNoEditor is returned where the user has named no editor.
var ErrNoEditor = errors.New("no editor: set $VISUAL or $EDITOR, such as EDITOR=vim")

// Editor builds the command that opens a file at a line. command is the user's
// $VISUAL or $EDITOR, with arguments ("code -w"); no shell reads it, and the
// file stays one argument.
func Editor(command, file string, line int) (*exec.Cmd, error) {
	words, err := shellquote.Split(command)
	if err != nil {
		return nil, fmt.Errorf("editor %q: %w", command, err)
	}
	if len(words) == 0 {
		return nil, ErrNoEditor
	}
	file, err = filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	return exec.Command(words[0], append(words[1:], at(words[0], file, line)...)...), nil
}

// at are the arguments that lead an editor to a line. A file name begins with
// "/" and follows "--" where the editor knows it, so that it is never an option.
func at(program, file string, line int) []string {
	n := strconv.Itoa(line)
	switch strings.TrimSuffix(filepath.Base(program), ".exe") {
	case "vi", "vim", "nvim", "gvim", "mvim", "nano", "emacs", "emacsclient", "kak", "micro", "joe", "mg", "ne":
		return []string{"+" + n, file}
	case "hx", "helix", "subl", "zed", "zeditor":
		return []string{file + ":" + n}
	case "code", "code-insiders", "codium", "cursor":
		return []string{"--goto", file + ":" + n}
	case "idea", "goland":
		return []string{"--line", n, file}
	default:
		return []string{file}
	}
}
