package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

var shells = []string{"bash", "fish", "powershell", "zsh"}

func (a *app) completionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Write the completions of a shell",
		Long: `completion writes a script that completes commands, flags and their values, for
bash, fish, powershell or zsh. That of bash does not need bash-completion.`,
		Example: `gdump completion bash >~/.local/share/bash-completion/completions/gdump
source <(gdump completion bash)       for this shell alone
gdump completion zsh >"${fpath[1]}/_gdump"
gdump completion fish >~/.config/fish/completions/gdump.fish`,
		ValidArgs:             shells,
		DisableFlagsInUseLine: true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("completion: name a shell: " + strings.Join(shells, ", "))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			var err error
			switch root := c.Root(); args[0] {
			case "bash":
				err = bashCompletion(root, &a.printed)
			case "fish":
				err = root.GenFishCompletion(&a.printed, true)
			case "powershell":
				err = root.GenPowerShellCompletionWithDesc(&a.printed)
			case "zsh":
				err = root.GenZshCompletion(&a.printed)
			default:
				return fmt.Errorf("completion: no completions for %s: there are those for %s", args[0], strings.Join(shells, ", "))
			}
			if err != nil {
				return &ioError{"stdout", err}
			}
			return nil
		},
	}
}

// bashWords replaces what cobra's script takes from the package
// bash-completion: the words of the line, which bash splits at = and : too.
const bashWords = `local i line=$COMP_LINE
    words=()
    for ((i = 0; i < ${#COMP_WORDS[@]}; i++)); do
        if ((i > 0)) && [[ $line != [[:space:]]* ]]; then
            words[${#words[@]}-1]+=${COMP_WORDS[i]}
        else
            words+=("${COMP_WORDS[i]}")
        fi
        line=${line#"${line%%[![:space:]]*}"}
        line=${line#"${COMP_WORDS[i]}"}
        ((i == COMP_CWORD)) && cword=$((${#words[@]} - 1))
    done
    cur=${words[cword]}
    ((cword > 0)) && prev=${words[cword-1]}
    return 0
`

// bashCompletion writes cobra's script, without its need for bash-completion.
func bashCompletion(root *cobra.Command, w io.Writer) error {
	var script bytes.Buffer
	if err := root.GenBashCompletionV2(&script, true); err != nil {
		return err
	}
	_, err := io.WriteString(w, strings.Replace(script.String(), `_get_comp_words_by_ref "$@" cur prev words cword`, bashWords, 1))
	return err
}
