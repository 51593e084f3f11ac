# shellcheck shell=bash
# Mutants: how "list" is read, see README.md.
# shellcheck disable=SC2154 # static/lib.sh sets tree and scratch

# each_mutant FUNCTION - is called with FILE OLD NEW SCENARIO REGEX
each_mutant() {
	local key value file='' old='' new='' says=''
	while read -r key value; do
		case $key in
		file:) file=$value says='' ;;
		old:) old=$value ;;
		new:) new=$value ;;
		says:) says=$value ;;
		by:) "$1" "$file" "$old" "$new" "$value" "$says" </dev/null ;;
		esac
	done <"$tree/tests/mutants/list"
}

# has_once FILE TEXT
has_once() {
	local text rest
	text=$(<"$1")
	rest=${text#*"$2"}
	[ "$rest" != "$text" ] && [[ $rest != *"$2"* ]]
}

# boots_with SCENARIO - those that "make check" boots with it; after write_boots
write_boots() { "$tree/tests/check" --boots "$scratch"; }
boots_with() { grep -lE "^run $1 " "$scratch"/boots/*.boot; }
