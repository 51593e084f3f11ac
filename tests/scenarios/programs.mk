# What scenarios run in the guest that a shell can't do. Static: the guest has no C
# library of its own. By run-boot, in the Debian root: from, lab and machine are folders
# with sources, to gets the programs.
programs := $(patsubst $(from)/%.c,$(to)/%,$(wildcard $(from)/*.c))

all: $(programs)

$(to)/%: $(from)/%.c $(wildcard $(lab)/*.h) $(wildcard $(machine)/*.h)
	gcc -std=gnu11 -O1 -Wall -Wextra -Wno-unused-parameter -Werror -I$(lab) -I$(machine) -static -o $@ $< -lvterm
