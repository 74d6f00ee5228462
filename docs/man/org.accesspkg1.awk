# SPDX-License-Identifier: LGPL-2.1-or-later
# Writes org.accesspkg1(5) from the interface XML and the table of errors: `make manuals`. The lint calls it too and
# fails where the page is not what it writes. What stands in the XML's comments is the page's prose.

# Prints in lines of 80 bytes at most, none of which begins a request.
function wrapped(text,    at)
{
    while (length(text) > 79) {
        for (at = 79; at > 1 && (substr(text, at, 1) != " " || substr(text, at + 1, 1) ~ /['.]/); at--)
            continue
        if (at == 1)
            break
        print substr(text, 1, at - 1)
        text = substr(text, at + 1)
    }
    print text
}

# Text for mdoc: a sentence begins a line, nothing begins a request.
function prose(text,    n, i, lines)
{
    gsub(/&lt;/, "<", text)
    gsub(/&gt;/, ">", text)
    gsub(/&amp;/, "\\&", text)
    gsub(/ \(rule [0-9]+\)|, rule [0-9]+/, "", text)
    gsub(/docs\/NOTICES\.md lists/, "accesspkg-notify(8) lists", text)
    gsub(/\\/, "\\e", text)
    gsub(/[ \n]+/, " ", text)
    sub(/^ /, "", text)
    sub(/ $/, "", text)
    gsub(/\. options: /, ".\n.Pp\noptions: ", text)
    gsub(/\. Errors: /, ".\n.Pp\nErrors: ", text)
    n = split(text, lines, /\. /)
    for (i = 1; i <= n; i++) {
        sub(/^['.][^P]/, "\\\\\\&&", lines[i])
        wrapped(lines[i] (i < n ? "." : ""))
    }
}

# A comment: a line "name: ..." begins a paragraph.
function paragraphs(text,    n, i, lines, paragraph)
{
    n = split(text, lines, "\n")
    paragraph = ""
    for (i = 1; i <= n; i++) {
        if (paragraph != "" && lines[i] ~ /^ *([a-z_]+(, [a-z_]+)?|Errors): /) {
            prose(paragraph)
            print ".Pp"
            paragraph = ""
        }
        paragraph = paragraph lines[i] " "
    }
    prose(paragraph)
}

# The comment above everything: text, and lists of members, which stand four columns in.
function overview(text,    n, i, lines, paragraph, at, listing)
{
    sub(/^.*\n *Callers are identified/, "Callers are identified", text)
    n = split(text, lines, "\n")
    paragraph = ""
    listing = 0
    for (i = 1; i <= n; i++) {
        if (lines[i] ~ /^    [a-z]/ && lines[i] ~ /  +[^ ].*  /) {
            if (paragraph != "")
                prose(paragraph)
            if (!listing)
                print ".Bl -tag -width Ds"
            listing = 1
            sub(/^ +/, "", lines[i])
            at = match(lines[i], /  +/)
            print ".It Cm " substr(lines[i], 1, at - 1)
            paragraph = substr(lines[i], at)
        } else if (lines[i] ~ /^  [^ ]/ || lines[i] ~ /^ *$/) {
            if (listing || lines[i] ~ /^ *$/) {
                if (paragraph != "")
                    prose(paragraph)
                paragraph = ""
                if (listing)
                    print ".El"
                else if (i < n)
                    print ".Pp"
                if (listing && i < n)
                    print ".Pp"
                listing = 0
            }
            paragraph = paragraph lines[i] "\n"
        } else
            paragraph = paragraph lines[i] "\n"
    }
    if (paragraph ~ /[^ \n]/)
        prose(paragraph)
    if (listing)
        print ".El"
}

function attribute(line, name)
{
    if (!match(line, name "=\"[^\"]*\""))
        return ""
    return substr(line, RSTART + length(name) + 2, RLENGTH - length(name) - 3)
}

function section(title)
{
    if (open_section == title)
        return
    if (open_section != "")
        print ".El"
    print ".Sh " title
    print ".Bl -tag -width Ds"
    open_section = title
}

# A method or signal is complete.
function element(    text)
{
    section(kind == "method" ? "METHODS" : "SIGNALS")
    print ".It Fn " name arguments (answers != "" ? " No ->" answers : "")
    text = comment
    sub("^[ \n]*" name ": *", "", text)
    text = toupper(substr(text, 1, 1)) substr(text, 2)
    paragraphs(text)
    comment = ""
}

BEGIN {
    print ".\\\" SPDX-License-Identifier: LGPL-2.1-or-later"
    print ".\\\" Written by `make manuals` from the interface XML: change that."
    print ".Dd November 24, 2026\n.Dt ORG.ACCESSPKG1 5\n.Os"
    print ".Sh NAME\n.Nm org.accesspkg1\n.Nd the bus interface of access packages"
    print ".Sh SYNOPSIS"
    print ".Bl -tag -width interface -compact"
    print ".It bus\nthe system bus\n.It name\n.Li org.accesspkg1\n.It object\n.Li /org/accesspkg1"
    print ".It interface\n.Li org.accesspkg1.Manager\n.El"
    print ".Sh DESCRIPTION"
    print ".Xr accesspkgd 8\nanswers here; the commands and the PAM module ask.\nA program of your own may do the same."
    print ".Pp\nBehind each name stands its type, as D-Bus writes it."
}

/<!--/ && !/-->/ { inside = 1; text = $0; sub(/.*<!--/, "", text); next }
inside && /-->/ { sub(/ *-->.*/, ""); comment = text "\n" $0; inside = 0; text = ""; next }
inside { text = text "\n" $0; next }
/<!--.*-->/ { comment = $0; sub(/.*<!-- */, "", comment); sub(/ *-->.*/, "", comment); next }
/<node / { print ".Pp"; overview(comment); comment = ""; next }
/<(method|signal) / {
    kind = $0 ~ /<method/ ? "method" : "signal"
    name = attribute($0, "name")
    arguments = answers = ""
    next
}
/<arg / {
    if (attribute($0, "direction") == "out")
        answers = answers (answers != "" ? " ," : "") " Ar " attribute($0, "type") " " attribute($0, "name")
    else
        arguments = arguments " \"" attribute($0, "type") " " attribute($0, "name") "\""
    next
}
/<\/(method|signal)>/ { element(); next }

/^    X\([A-Z_]+, "[A-Za-z]+", [0-9]+, / {
    section("ERROR NAMES")
    split($0, part, "\"")
    status = part[3]
    gsub(/[^0-9]/, "", status)
    print ".It Er " part[2]
    print toupper(substr(part[4], 1, 1)) substr(part[4], 2) "."
    print "A command ends with " status "."
}

END {
    print ".El"
    print ".Sh FILES\n.Bl -tag -width Ds"
    print ".It Pa /usr/share/dbus-1/interfaces/org.accesspkg1.Manager.xml\nThe interface, for programs.\n.El"
    print ".Sh EXAMPLES"
    print "What the caller holds and may ask for:"
    print ".Bd -literal -offset indent"
    print "busctl call org.accesspkg1 /org/accesspkg1 \\e\n    org.accesspkg1.Manager ListPackages"
    print ".Ed"
    print ".Sh SEE ALSO\n.Xr busctl 1 ,\n.Xr pkg-approve 1 ,\n.Xr pkg-request 1 ,\n.Xr accesspkg 7 ,\n.Xr accesspkg-notify 8 ,"
    print ".Xr accesspkgd 8 ,\n.Xr pkg-admin 8"
}
