// SPDX-License-Identifier: Apache-2.0
#include "initiator/device_resolver.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <random>

namespace tgt {
namespace {
namespace fs = std::filesystem;

// A file system of our own: trees of plain files, and a list of what shall be device nodes.
class FakeSystem final : public SystemView {
 public:
  explicit FakeSystem(const fs::path& root) : SystemView(root / "sys", root / "dev") {}
  std::map<std::string, Node> nodes;
  std::string forbidden;

  Result<Node, std::error_code> node(const std::string& path) const override {
    if (path == forbidden) return failure(std::make_error_code(std::errc::permission_denied));
    std::error_code error;
    const std::string real = fs::canonical(path, error).string();
    if (error) return failure(error);
    const auto found = nodes.find(real);
    if (found == nodes.end()) return Node{.path = real};
    return found->second;
  }
};

class DeviceResolverTest : public testing::Test {
 protected:
  DeviceResolverTest() {
    root_ = fs::temp_directory_path() / ("tgt-resolver-" + std::to_string(std::random_device()()));
    fs::remove_all(root_);
    fs::create_directories(root_ / "dev");
    system_.emplace(fs::canonical(root_));
    root_ = fs::canonical(root_);
    disk_ = add_device("3:0:1:2", "0", "sg5");
  }
  ~DeviceResolverTest() override { fs::remove_all(root_); }

  void write(const fs::path& path, const std::string& text) {
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text << "\n";
  }
  // A class device `kernel_name` below a SCSI device, with its node and its entry under /sys/dev.
  void add_class_device(const fs::path& folder, const std::string& device_class, const std::string& kernel_name,
                        SystemView::NodeType type, const std::string& node_name) {
    const fs::path class_device = folder / device_class / kernel_name;
    fs::create_directories(class_device);
    fs::create_directory_symlink(folder, class_device / "device");
    add_node(class_device, type, node_name);
  }
  void add_node(const fs::path& class_device, SystemView::NodeType type, const std::string& node_name) {
    const std::uint32_t number = ++last_minor_;
    const char* kind = type == SystemView::NodeType::block_device ? "block" : "char";
    const fs::path by_number = root_ / "sys/dev" / kind / ("9:" + std::to_string(number));
    fs::create_directories(by_number.parent_path());
    fs::create_directory_symlink(class_device, by_number);
    const fs::path node = root_ / "dev" / node_name;
    write(node, "");
    system_->nodes[node.string()] = {.path = node.string(), .type = type, .major = 9, .minor = number};
  }
  fs::path add_device(const std::string& address, const std::string& type, const std::string& generic) {
    const fs::path folder = root_ / "sys/devices/pci0/host3/target3:0:1" / address;
    write(folder / "type", type);
    write(folder / "vendor", "LAB     ");
    write(folder / "model", "DISK            ");
    write(folder / "rev", "1.0 ");
    write(folder / "state", "running");
    write(folder / "queue_depth", "31");
    fs::create_directories(root_ / "sys/bus/scsi/devices");
    fs::create_directory_symlink(folder, root_ / "sys/bus/scsi/devices" / address);
    if (!generic.empty()) {
      add_class_device(folder, "scsi_generic", generic, SystemView::NodeType::character_device, generic);
    }
    return folder;
  }
  Result<DeviceLocation, OpenFault> resolve(const std::string& name) { return DeviceResolver(*system_).resolve(name); }
  std::string dev(const std::string& name) { return (root_ / "dev" / name).string(); }
  void expect_fault(const std::string& name, OpenFault::Kind kind, const std::string& words) {
    const auto location = resolve(name);
    ASSERT_FALSE(location.has_value());
    EXPECT_EQ(location.error().kind, kind) << location.error().text;
    EXPECT_NE(location.error().text.find(words), std::string::npos) << location.error().text;
  }

  fs::path root_;
  std::optional<FakeSystem> system_;
  fs::path disk_;
  std::uint32_t last_minor_ = 0;
};

TEST_F(DeviceResolverTest, AnSgNodeIsItsOwnDevice) {
  const auto location = resolve(dev("sg5"));
  ASSERT_TRUE(location.has_value()) << location.error().text;
  EXPECT_EQ(location->generic_node, dev("sg5"));
  EXPECT_EQ(location->address, "3:0:1:2");
  EXPECT_EQ(location->type, PeripheralDeviceType::block);
  EXPECT_EQ(location->vendor, "LAB");
  EXPECT_EQ(location->product, "DISK");
  EXPECT_EQ(location->revision, "1.0");
  EXPECT_EQ(location->queue_depth, 31u);
}

TEST_F(DeviceResolverTest, NodesOfEveryDriverLeadToTheSgNode) {
  using enum SystemView::NodeType;
  add_class_device(disk_, "block", "sdb", block_device, "sdb");
  add_class_device(disk_, "scsi_tape", "nst0", character_device, "nst0");
  add_class_device(disk_, "scsi_tape", "st0", character_device, "st0");
  add_class_device(disk_, "block", "sr0", block_device, "sr0");
  add_class_device(disk_, "scsi_changer", "sch0", character_device, "sch0");
  add_class_device(disk_, "bsg", "3:0:1:2", character_device, "bsg/3:0:1:2");
  for (const char* name : {"sdb", "nst0", "st0", "sr0", "sch0", "bsg/3:0:1:2"}) {
    const auto location = resolve(dev(name));
    ASSERT_TRUE(location.has_value()) << location.error().text;
    EXPECT_EQ(location->generic_node, dev("sg5")) << name;
    EXPECT_EQ(location->bsg_node, dev("bsg/3:0:1:2"));
  }
}

TEST_F(DeviceResolverTest, LinksAndAddressesAreFollowed) {
  add_class_device(disk_, "block", "sdb", SystemView::NodeType::block_device, "sdb");
  fs::create_directories(root_ / "dev/disk/by-id");
  fs::create_symlink("../../sdb", root_ / "dev/disk/by-id/scsi-3600");
  for (const std::string& name : {dev("disk/by-id/scsi-3600"), std::string("3:0:1:2"), dev("bsg/3:0:1:2")}) {
    const auto location = resolve(name);
    ASSERT_TRUE(location.has_value()) << location.error().text;
    EXPECT_EQ(location->generic_node, dev("sg5"));
    EXPECT_EQ(location->asked_for, name);
  }
}

TEST_F(DeviceResolverTest, LimitsAreReadFromTheHostAndTheDisk) {
  add_class_device(disk_, "block", "sdb", SystemView::NodeType::block_device, "sdb");
  write(disk_ / "block/sdb/queue/max_hw_sectors_kb", "4096");
  write(root_ / "sys/class/scsi_host/host3/can_queue", "128");
  write(root_ / "sys/class/scsi_host/host3/sg_tablesize", "254");
  const auto location = resolve(dev("sdb"));
  ASSERT_TRUE(location.has_value()) << location.error().text;
  EXPECT_EQ(location->hardware_kib, 4096u);
  EXPECT_EQ(location->can_queue, 128u);
  EXPECT_EQ(location->table_segments, 254u);
}

TEST_F(DeviceResolverTest, APartitionIsRefusedAndTheWholeDiskNamed) {
  add_class_device(disk_, "block", "sdb", SystemView::NodeType::block_device, "sdb");
  const fs::path partition = disk_ / "block/sdb/sdb1";
  write(partition / "partition", "1");
  add_node(partition, SystemView::NodeType::block_device, "sdb1");
  expect_fault(dev("sdb1"), OpenFault::Kind::partition, "Name /dev/sdb");
}

TEST_F(DeviceResolverTest, BlockDevicesThatSpeakNoScsiAreRefusedByName) {
  for (const auto& [name, words] : std::map<std::string, std::string>{
           {"vda", "virtio"}, {"loop0", "loop"}, {"nvme0n1", "NVMe"}, {"dm-0", "device-mapper"}, {"md0", "RAID"}}) {
    const fs::path folder = root_ / "sys/devices/virtual/block" / name;
    fs::create_directories(folder);
    add_node(folder, SystemView::NodeType::block_device, name);
    expect_fault(dev(name), OpenFault::Kind::not_a_scsi_device, words);
  }
}

TEST_F(DeviceResolverTest, ACharacterDeviceThatIsNoScsiDeviceIsRefused) {
  const fs::path folder = root_ / "sys/devices/virtual/mem/null";
  fs::create_directories(folder);
  add_node(folder, SystemView::NodeType::character_device, "null");
  expect_fault(dev("null"), OpenFault::Kind::not_a_scsi_device, "not a SCSI device");
}

TEST_F(DeviceResolverTest, APlainFileAFolderAndNothingAreRefused) {
  write(root_ / "dev/file", "x");
  expect_fault(dev("file"), OpenFault::Kind::not_a_scsi_device, "not a device node");
  expect_fault(root_.string(), OpenFault::Kind::not_a_scsi_device, "not a device node");
  expect_fault(dev("sg99"), OpenFault::Kind::not_found, "no such device");
  expect_fault("", OpenFault::Kind::not_found, "no device named");
  expect_fault("9:9:9:9", OpenFault::Kind::not_found, "no such device");
}

TEST_F(DeviceResolverTest, APathThatMayNotBeReadSaysSo) {
  system_->forbidden = dev("sg5");
  expect_fault(dev("sg5"), OpenFault::Kind::not_permitted, "permission denied");
}

TEST_F(DeviceResolverTest, ANodeWithoutADeviceBehindItSaysSo) {
  write(root_ / "dev/sg7", "");
  system_->nodes[dev("sg7")] = {
      .path = dev("sg7"), .type = SystemView::NodeType::character_device, .major = 21, .minor = 7};
  expect_fault(dev("sg7"), OpenFault::Kind::not_a_scsi_device, "21:7");
}

TEST_F(DeviceResolverTest, WithoutTheSgDriverThePersonIsToldToLoadIt) {
  const fs::path folder = add_device("3:0:1:3", "1", "");
  add_class_device(folder, "scsi_tape", "st1", SystemView::NodeType::character_device, "st1");
  expect_fault(dev("st1"), OpenFault::Kind::no_generic_node, "modprobe sg");
}

TEST_F(DeviceResolverTest, AMissingSgNodeIsNamed) {
  fs::remove(root_ / "dev/sg5");
  expect_fault("3:0:1:2", OpenFault::Kind::no_generic_node, dev("sg5"));
}

TEST_F(DeviceResolverTest, AnUnreadableTypeIsAnUnknownTypeAndDepthIsAtLeastOne) {
  write(disk_ / "type", "rubbish");
  write(disk_ / "queue_depth", "0");
  const auto location = resolve(dev("sg5"));
  ASSERT_TRUE(location.has_value());
  EXPECT_EQ(location->type, PeripheralDeviceType::unknown);
  EXPECT_EQ(location->queue_depth, 1u);
}

}  // namespace
}  // namespace tgt
