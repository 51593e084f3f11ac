# SPDX-License-Identifier: GPL-2.0
# What scdoc writes, as mandoc -T lint wants it: no paragraph that is empty, and
# the title in capitals.
/^\.TH / { $2 = toupper($2) }
/^\.PP$/ { paragraph = 1; next }
/^\.RE$/ { print; next }
/^\.SH / { paragraph = 0; print; heading = 1; next }
{
	if (paragraph && !heading)
		print ".PP"
	paragraph = heading = 0
	print
}
