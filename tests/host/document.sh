# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A document, followed step by step: files, lines and commands are taken from its text, a section at a time, and what
# nobody took is told in the end. Sourced by cases that set $document.

: "${work:?}" "${root:?}" "${document:?}"
section="" # the title of the one that is followed; before the first there is one without

# Its lines, each behind its number and a tab.
section_lines()
{
    awk -v title="${section:+## $section}" 'BEGIN { on = title == "" } /^## / { on = $0 == title }
        on { print NR "\t" $0 }' "$document"
}

# Passes numbered lines on without their numbers, which are noted.
take()
{
    awk -F '\t' -v taken="$work/taken" '{ print $1 >>taken; sub(/^[0-9]*\t/, ""); print }'
}

# block WORDS: the indented lines that the line with these words stands among.
block()
{
    local lines
    lines=$(section_lines | awk -v words="$1" '
        { text = $0; sub(/^[0-9]*\t/, "", text) }
        text !~ /^    / { if (found) exit; lines = ""; next }
        { lines = lines $0 "\n"; found = found || index(text, words) }
        END { if (found) printf "%s", lines }')
    [[ -n $lines ]] || { complain "$document has no such lines: $1"; return 1; }
    take <<<"$lines" | sed 's/^    //'
}

# typed WHO PATTERN [SED]: the one command of this pattern that WHO is to type ("alice", or "sudo"). SED changes what
# cannot stay: a host's name, a date, how long something lasts.
typed()
{
    local who="$1\$" line
    [[ $1 != sudo ]] || who=sudo
    line=$(section_lines | grep -F $'\t'"    $who " | grep -e "$2") || true
    [[ -n $line && $line != *$'\n'* ]] || { complain "$document should have one line of $1's with: $2"; return 1; }
    take <<<"$line" | sed -e 's/^ *\([a-z]*\$ *\)\{0,1\}//' -e "${3-}"
}

# types WHO PATTERN [SED]: the same, run without a terminal.
types()
{
    local line
    line=$(typed "$@") || return
    if [[ $1 == sudo ]]; then host sh -c "$line"; else on_host "$1" sh -c "$line"; fi
}

# quoted WORDS: what stands in backticks within the section's sentences and has these words.
quoted()
{
    section_lines | cut -f2- | grep -v '^    ' | grep -o '`[^`]*`' | tr -d '`' | grep -F -m 1 -- "$1" ||
        complain "$document should quote: $1"
}

# Writes the section's files: each fenced block begins with a comment that is its path.
write_files()
{
    section_lines | cut -f2- | awk -v root="$root" '/^```ini$/ { fence = 1; next } /^```$/ { fence = 0; file = ""; next }
        fence && file == "" { file = root substr($0, 3) } fence { print >file }'
}

# write_lines FILE WORDS: adds the block with these words to FILE, which the section names.
write_lines()
{
    quoted "$1" >/dev/null
    block "$2" >>"$root$1"
}

not_taken()
{
    grep -n '^    ' "$document" | awk -F : 'NR == FNR { taken[$1]; next } !($1 in taken)' "$work/taken" -
}
