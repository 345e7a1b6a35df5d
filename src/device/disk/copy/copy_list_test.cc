// SPDX-License-Identifier: Apache-2.0
#include "device/disk/copy/copy_list.h"

#include "device/disk/copy/copy_bench.h"
#include "scsi/copy_sense.h"

namespace tgt {
namespace {

using Where = FieldPointer::Where;

class CopyListTest : public CopyFixture {
 protected:
  List good() { return list_of({cscd(0), cscd(1)}, {segment(0, 1, 4, 0, 8)}); }
  static void expect(const Result<CopyList, Sense>& parsed, const Sense& sense, std::optional<unsigned> byte = {}) {
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error(), sense);
    ASSERT_EQ(parsed.error().field.has_value(), byte.has_value());
    if (!byte) return;
    EXPECT_EQ(parsed.error().field->where, Where::parameter_list);
    EXPECT_EQ(parsed.error().field->byte, *byte);
  }
};

TEST_F(CopyListTest, IsTakenApart) {
  const auto parsed = CopyList::parse(good());
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->identifier, 1);
  EXPECT_EQ(parsed->cscds.size(), 2u);
  ASSERT_EQ(parsed->segments.size(), 1u);
  EXPECT_EQ(parsed->segments[0].destination_block_address, 8u);
}

TEST_F(CopyListTest, CutAnywhereIsALengthError) {
  const List list = good();
  for (std::size_t length = 0; length < list.size(); ++length) {
    expect(CopyList::parse(Bytes(list).first(length)), Sense::parameter_list_length_error());
  }
}

TEST_F(CopyListTest, BytesAfterItAreIgnored) {
  List list = good();
  list.resize(list.size() + 100, 0xff);
  EXPECT_TRUE(CopyList::parse(list));
}

TEST_F(CopyListTest, LengthsThatAreNoWholeDescriptorsAreRefusedWhereTheyStand) {
  List list = good();
  list[3] = 63;
  expect(CopyList::parse(list), Sense::invalid_field_in_parameter_list(0), 2);
  list = good();
  list[11] = 27;
  expect(CopyList::parse(list), Sense::invalid_field_in_parameter_list(0), 8);
}

TEST_F(CopyListTest, ASegmentThatLiesAboutItsLengthIsRefused) {
  List list = good();
  list[16 + 64 + 3] = 28;
  expect(CopyList::parse(list), Sense::invalid_field_in_parameter_list(0), 16 + 64 + 2);
}

TEST_F(CopyListTest, InlineDataIsMoreThanWeTake) {
  List list = good();
  list[15] = 1;
  expect(CopyList::parse(list), copy_sense::inline_data_length_exceeded, 12);
}

TEST_F(CopyListTest, DescriptorTypesOfOtherKindsAreRefusedWhereTheyStand) {
  List list = good();
  list[16 + 32] = 0xe0;
  expect(CopyList::parse(list), copy_sense::unsupported_target_descriptor_type(0), 16 + 32);
  list = good();
  list[16 + 64] = 0x00;
  expect(CopyList::parse(list), copy_sense::unsupported_segment_descriptor_type(0), 16 + 64);
}

TEST_F(CopyListTest, OnlyDesignatorsOfALogicalUnitNameOne) {
  List list = good();
  list[16 + 5] |= 0x10;
  expect(CopyList::parse(list), Sense::invalid_field_in_parameter_list(0), 16 + 5);
  list = good();
  list[16 + 7] = 21;
  expect(CopyList::parse(list), Sense::invalid_field_in_parameter_list(0), 16 + 7);
}

TEST_F(CopyListTest, TheKindOfLogicalUnitIdentifierIsIgnored) {
  List list = good();
  list[16 + 1] |= 0xc0;
  EXPECT_TRUE(CopyList::parse(list).has_value());
}

TEST_F(CopyListTest, TheLimitsThatAreToldAreKept) {
  using Cscds = std::vector<third_party_copy::IdentificationDescriptor>;
  using Segments = std::vector<third_party_copy::BlockToBlockSegment>;
  const auto one = segment(0, 0, 0, 0, 0);
  EXPECT_TRUE(CopyList::parse(list_of(Cscds(64, cscd(0)), Segments(256, one))));
  expect(CopyList::parse(list_of(Cscds(65, cscd(0)), {one})), copy_sense::too_many_target_descriptors, 2);
  expect(CopyList::parse(list_of({cscd(0)}, Segments(257, one))), copy_sense::too_many_segment_descriptors, 8);
  expect(CopyList::parse(list_of(Cscds(65, cscd(0)), Segments(257, one))), Sense::parameter_list_length_error());
}

TEST_F(CopyListTest, AListWithoutStatusHasNoIdentifier) {
  List list = good();
  list[1] = 0x18;
  expect(CopyList::parse(list), Sense::invalid_field_in_parameter_list(0), 0);
  list[0] = 0;
  const auto parsed = CopyList::parse(list);
  ASSERT_TRUE(parsed);
  EXPECT_FALSE(parsed->identifier);
  list[1] = 0x08;
  expect(CopyList::parse(list), Sense::invalid_field_in_parameter_list(0), 1);
}

}  // namespace
}  // namespace tgt
