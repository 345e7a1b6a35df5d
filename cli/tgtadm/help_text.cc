// SPDX-License-Identifier: Apache-2.0
#include "cli/tgtadm/help_text.h"

#include <fmt/format.h>

namespace tgt {
namespace {

constexpr std::string_view commands = R"(Usage: tgtadm [OPTION]
--lld <driver> --mode target --op new --tid <id> --targetname <name>
	create the target <name> under the number <id>, which is 1 or more.
--lld <driver> --mode target --op delete [--force] --tid <id>
	remove the target. With --force its sessions are closed first.
--lld <driver> --mode target --op show
	list all targets.
--lld <driver> --mode target --op show --tid <id>
	list the parameters of one target.
--lld <driver> --mode target --op update --tid <id> --name <param> --value <value>
	set a parameter of the target: state (ready, offline), nop_interval,
	nop_count, iotype (rawio, fileio) or an iSCSI key.
--lld <driver> --mode target --op bind --tid <id> --initiator-address <address>
--lld <driver> --mode target --op bind --tid <id> --initiator-name <name>
	admit initiators: ALL, an address, an address/prefix, or one name.
--lld <driver> --mode target --op unbind --tid <id> --initiator-address <address>
--lld <driver> --mode target --op unbind --tid <id> --initiator-name <name>
	take back what bind admitted.
--lld <driver> --mode target --op stat --tid <id>
	print the I/O counters of the target.
--lld <driver> --mode logicalunit --op new --tid <id> --lun <lun>
  --backing-store <path> --bstype <type> --bsopts <options> --bsoflags <flags>
  --device-type <type> --blocksize <bytes>
	add the logical unit <lun> to the target. <path> is a file, a block
	device, or with --bstype sg --device-type pt any SCSI device.
	<type> of the device is disk, tape, cd, changer, osd or pt (passthrough).
	<flags> are sync, direct or sync:direct.
--lld <driver> --mode logicalunit --op update --tid <id> --lun <lun> --params <name>=<value>,...
	change properties of the logical unit.
--lld <driver> --mode logicalunit --op delete --tid <id> --lun <lun>
	remove the logical unit.
--lld <driver> --mode logicalunit --op stat --tid <id> --lun <lun>
	print the I/O counters of the logical unit.
--lld <driver> --mode portal --op new --params portal=<address>[:<port>]
	accept connections at an address.
--lld <driver> --mode portal --op delete --params portal=<address>[:<port>]
	stop accepting connections there. Sessions stay.
--lld <driver> --mode portal --op show
	list the addresses where connections are accepted.
--lld <driver> --mode conn --op show --tid <id>
	list the connections to the target.
--lld <driver> --mode conn --op delete --tid <id> --sid <sid> --cid <cid>
	close a connection.
--lld <driver> --mode account --op new --user <name> --password <pass>
	create an account.
--lld <driver> --mode account --op delete --user <name>
	remove an account, wherever it is bound.
--lld <driver> --mode account --op bind --tid <id> --user <name> [--outgoing]
	require the account at the target; without --tid, at discovery.
	With --outgoing it is what the target proves itself with.
--lld <driver> --mode account --op unbind --tid <id> --user <name> [--outgoing]
	take back what bind required.
--lld <driver> --mode account --op show
	list the accounts.
--lld <driver> --mode lld --op start
--lld <driver> --mode lld --op stop
--lld <driver> --mode lld --op show
	start, stop and list the drivers.
--mode system --op show
	print the state of the daemon and what it supports.
--mode system --op update --name State --value <state>
	let new sessions in (ready) or not (offline).
--mode system --op stat
	print the I/O counters of all targets.
--mode system --op delete
	stop the daemon, once it has no targets.
--control-port <port>
	talk to the daemon that was started with this control port.
--debug
	say on standard error what is sent.
--version
	print the version and exit.
--help
	print this text and exit.
)";

}  // namespace

std::string help_text(std::string_view version) {
  return fmt::format("SCSI target administration utility, version {}\n\n{}", version, commands);
}

}  // namespace tgt
