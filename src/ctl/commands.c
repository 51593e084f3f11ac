// SPDX-License-Identifier: GPL-2.0
/* All commands, in the order in which people need them. */
#include <string.h>

#include "ctl.h"

const struct command commands[] = {
	{
		.name = "check", .options = OPTIONS_TABLE "qC", .run = run_check,
		.summary = "check whether rmpopt can work on this host, and how to fix what fails",
		.details = "Checks every condition in order: CPU, BIOS, IOMMU, kernel, SNP, module, state. Reads only;\n"
			   "works before the module is loaded. VIEW marks what the module needs to do more than look.\n"
			   "Exit code 1 if anything fails.",
		.examples = "rmpoptctl check# before the first load, and whenever nothing happens\n"
			    "rmpoptctl check --json --output name,result# for a fleet\n",
		.columns = check_columns,
	}, {
		.name = "load", .arguments = "[NAME=VALUE...]", .max = 32,
		.options = "", .run = run_load,
		.summary = "load the module, optionally with parameters",
		.details = "As modprobe does, options of modprobe.d included. If the module refuses to load, its reason\n"
			   "is shown. If it is loaded already nothing is done, which fails only if parameters are given.",
		.examples = "rmpoptctl load# as configured\n"
			    "rmpoptctl load slice_us=20 duty=2# gentler, until the next load\n",
	}, {
		.name = "unload", .options = "", .run = run_unload,
		.summary = "unload the module: verifies end, and nothing else",
		.details = "The tables stay in use and true by the hardware's own doing. What guests take is lost and not\n"
			   "regained until the module works again. SNP shutdown or a reset ends it.",
		.examples = "rmpoptctl unload# regions that guests take are not regained any more\n",
	}, {
		.name = "status", .options = OPTIONS_TABLE "CS", .run = run_status,
		.summary = "show what is optimized, what is not and why, and what it costs",
		.details = "One screen. Root sees more: where guests live, and how busy they are, is not for\n"
			   "everybody. Exit code 1 if the module is not loaded or has failed. Where the module only\n"
			   "looks (view only), shows why, and what the tables and the RMP hold. --save keeps all\n"
			   "that any command reads, for --sysroot or a bug report, and the tables of all cores:\n"
			   "each is interrupted for a report per region, in slices.",
		.examples = "rmpoptctl status# one screen\n"
			    "rmpoptctl status --save /tmp/host.tar.gz# for a bug report; says what is in it\n",
		.columns = status_columns,
	}, {
		.name = "scan", .options = "flwtjonC", .run = run_scan,
		.summary = "request a pass, and optionally wait for its end",
		.details = "Without an option the pass looks only at what may have changed. With --wait the exit code\n"
			   "is 0 if the pass ended well, 64 if it was partial, 1 if it was cancelled or failed, or\n"
			   "did not end before --timeout; without --timeout the wait may last for ever. Where the\n"
			   "module only looks it takes no request.",
		.examples = "rmpoptctl scan --wait# after guests have ended\n"
			    "rmpoptctl scan --full --wait --timeout 600# take nothing on trust\n",
		.columns = scan_columns,
	}, {
		.name = "map", .options = OPTIONS_TABLE "C", .run = run_map,
		.summary = "show a picture of all regions, by node",
		.details = "One character for each GiB of physical address space; ranges in JSON. For root.",
		.examples = "rmpoptctl map# the picture\n"
			    "rmpoptctl map --json# ranges of regions of the same state\n",
		.columns = map_columns,
	}, {
		.name = "why", .arguments = "[REGION]", .max = 1,
		.options = OPTIONS_TABLE "C", .run = run_why,
		.summary = "show what keeps a region from being optimized, and what to do about it",
		.details = "With a region: exact pages of each guest (ASID) and of firmware in it. Without: all\n"
			   "regions that are not optimized; where no table is in use, those that could not be. Reads\n"
			   "the RMP; needs root and debugfs.",
		.examples = "rmpoptctl why 5# who holds pages of region 5?\n"
			    "rmpoptctl why# of all that are not optimized\n",
		.columns = why_columns,
	}, {
		.name = "forecast", .options = OPTIONS_TABLE "C", .run = run_forecast,
		.summary = "show which regions RMPOPT could optimize, and whose pages are in the others",
		.details = "By node, as memory is placed now: regions without an assigned page, and whose pages (the\n"
			   "RMP's own, of guests by ASID, of firmware) are in the others. Needs no RMPOPT: works on\n"
			   "every SNP host on which the module is loaded. Without RMPREAD (AMD Zen 3 and 4) it is not\n"
			   "known whose the pages are. Reads the RMP; needs root and debugfs.",
		.examples = "rmpoptctl forecast# what would Zen 6 bring here?\n"
			    "rmpoptctl forecast --json# for a fleet\n",
		.columns = forecast_columns,
	}, {
		.name = "cores", .options = OPTIONS_TABLE "C", .run = run_cores,
		.summary = "show each core: its role, what it owes, how long it was interrupted",
		.details = "Root with debugfs sees all columns.",
		.examples = "rmpoptctl cores# all of them\n"
			    "rmpoptctl cores --output cpu,worst_slice_ns --noheadings# for a script\n",
		.columns = cores_columns,
	}, {
		.name = "watch", .options = "sjcC", .run = run_watch,
		.summary = "show a live view of the status, until Ctrl-C",
		.details = "On a terminal the screen is redrawn each second and with each change; elsewhere\n"
			   "one line is printed per change, with --json a document for each.",
		.examples = "rmpoptctl watch# a live view\n"
			    "rmpoptctl watch --count 10 >changes.log# the next ten changes\n",
		.columns = status_columns,
	}, {
		.name = "set", .arguments = "[NAME=VALUE...]", .max = 32,
		.options = "spjonC", .run = run_set,
		.summary = "show or change parameters",
		.details = "All values are checked before the first is written. --persist keeps them for later\n"
			   "loads, in /etc/modprobe.d/rmpopt.conf, and takes parameters of the load as well.",
		.examples = "rmpoptctl set# all parameters, and their limits\n"
			    "rmpoptctl set slice_us=20 duty=2# at once, until unload\n"
			    "rmpoptctl set --persist isolated=skip# and for later loads\n",
		.columns = set_columns,
	}, {
		.name = "metrics", .options = "sx", .run = run_metrics,
		.summary = "print OpenMetrics text; --textfile for node_exporter",
		.details = "node_exporter's textfile collector reads an older format, in which counters are declared\n"
			   "differently: --textfile prints that. Names and values of the samples are the same; all\n"
			   "are in rmpoptctl(8). Without the module there is one: rmpopt_loaded 0. Counts are for\n"
			   "root.",
		.examples = "rmpoptctl metrics --textfile >rmpopt.prom.new && mv rmpopt.prom.new rmpopt.prom# from a timer\n"
			    "rmpoptctl metrics# for what reads OpenMetrics\n",
	}, {
		.name = "help", .arguments = "[COMMAND]", .max = 1, .options = "",
		.run = run_help,
		.summary = "explain a command, with examples",
		.details = "The same as COMMAND --help.",
		.examples = "rmpoptctl help scan# about scan\n",
	}, {
		.name = "completion", .options = "", .run = run_completion,
		.summary = "print the completion for bash",
		.details = "Installed as share/bash-completion/completions/rmpoptctl.",
		.examples = "source <(rmpoptctl completion)# for this shell\n",
	},
	{ }
};

const struct command *command_find(const char *name)
{
	const struct command *command;

	for (command = commands; command->name; command++)
		if (!strcmp(command->name, name))
			return command;
	return NULL;
}
