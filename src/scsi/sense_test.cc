// SPDX-License-Identifier: Apache-2.0
#include "scsi/sense.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "scsi/copy_sense.h"

namespace tgt {
namespace {

using testing::ElementsAre;
using Format = SenseData::Format;

std::vector<unsigned> encoded(const Sense& sense, Format format) {
  const SenseData data = SenseData::encode(sense, format);
  return {data.bytes().begin(), data.bytes().end()};
}

SenseData from(std::vector<std::uint8_t> bytes) { return SenseData::from_device(bytes); }

static_assert(Sense::lba_out_of_range(7).information == 7u);
static_assert(Sense::invalid_field_in_cdb(Field{2, 7, 32}).field->byte == 2);
static_assert(Sense::invalid_field_in_cdb(Field{1, 4, 5}) == Sense::invalid_field_in_cdb());

TEST(Sense, FixedFormatHasEighteenBytes) {
  EXPECT_THAT(encoded(Sense::invalid_operation_code(), Format::fixed),
              ElementsAre(0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0));
}

TEST(Sense, FixedFormatCarriesInformationAndSaysItIsValid) {
  EXPECT_THAT(encoded(Sense::lba_out_of_range(0x12345678), Format::fixed),
              ElementsAre(0xf0, 0, 5, 0x12, 0x34, 0x56, 0x78, 10, 0, 0, 0, 0, 0x21, 0, 0, 0, 0, 0));
}

TEST(Sense, FixedFormatLeavesOutInformationThatDoesNotFit) {
  const auto bytes = encoded(Sense::lba_out_of_range(0x100000000ull), Format::fixed);
  EXPECT_EQ(bytes[0], 0x70u);
  EXPECT_EQ(bytes[6], 0u);
}

TEST(Sense, FixedFormatPointsAtTheFieldOfTheCdb) {
  const auto bytes = encoded(Sense::invalid_field_in_cdb(Field{1, 4, 5}), Format::fixed);
  EXPECT_EQ(bytes[15], 0x80u | 0x40u | 0x08u | 4u);
  EXPECT_EQ(bytes[16], 0u);
  EXPECT_EQ(bytes[17], 1u);
}

TEST(Sense, APointerIntoTheParameterListHasNoCommandBit) {
  const auto bytes = encoded(Sense::invalid_field_in_parameter_list(0x0102), Format::fixed);
  EXPECT_EQ(bytes[15], 0x80u);
  EXPECT_EQ(bytes[16], 1u);
  EXPECT_EQ(bytes[17], 2u);
}

TEST(Sense, CopyAbortedCarriesTheSegmentAndAPointerIntoItsDescriptor) {
  const Sense sense = copy_sense::in_segment(copy_sense::unexpected_inexact_segment, 3, 10);
  EXPECT_THAT(encoded(sense, Format::fixed),
              ElementsAre(0x70, 0, 10, 0, 0, 0, 0, 10, 0, 0, 0, 3, 0x26, 0x0a, 0, 0xa0, 0, 10));
  EXPECT_THAT(encoded(sense, Format::descriptor), ElementsAre(0x72, 10, 0x26, 0x0a, 0, 0, 0, 20, 1, 10, 0, 0, 0, 0, 0,
                                                              0, 0, 0, 0, 3, 2, 6, 0, 0, 0xa0, 0, 10, 0));
  for (const Format format : {Format::fixed, Format::descriptor}) {
    const auto decoded = SenseData::encode(sense, format).decode();
    ASSERT_TRUE(decoded && decoded->field);
    EXPECT_EQ(decoded->command_specific, 3u);
    EXPECT_EQ(decoded->field->where, FieldPointer::Where::segment_descriptor);
    EXPECT_EQ(decoded->field->byte, 10);
  }
}

TEST(Sense, DescriptorFormatCarriesSixtyFourBitsOfInformation) {
  EXPECT_THAT(
      encoded(Sense::lba_out_of_range(0x1122334455667788ull), Format::descriptor),
      ElementsAre(0x72, 5, 0x21, 0, 0, 0, 0, 12, 0, 10, 0x80, 0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88));
}

TEST(Sense, DescriptorFormatPointsAtTheField) {
  EXPECT_THAT(encoded(Sense::invalid_field_in_cdb(Field{2, 7, 32}), Format::descriptor),
              ElementsAre(0x72, 5, 0x24, 0, 0, 0, 0, 8, 2, 6, 0, 0, 0xcf, 0, 2, 0));
}

TEST(Sense, ProgressIsToldForNotReady) {
  Sense sense = Sense::becoming_ready();
  sense.progress = 0x8000;
  const auto bytes = encoded(sense, Format::fixed);
  EXPECT_EQ(bytes[15], 0x80u);
  EXPECT_EQ(bytes[16], 0x80u);
  EXPECT_EQ(SenseData::encode(sense, Format::descriptor).decode()->progress, 0x8000);
}

TEST(Sense, ProgressIsNotToldForAKeyThatHasNone) {
  Sense sense = Sense::write_error();
  sense.progress = 0x8000;
  EXPECT_EQ(encoded(sense, Format::fixed)[15], 0u);
}

TEST(Sense, WhatWasEncodedIsDecodedInBothFormats) {
  Sense sense = Sense::invalid_field_in_cdb(Field{9, 3, 4});
  sense.information = 77;
  sense.deferred = true;
  for (const Format format : {Format::fixed, Format::descriptor}) {
    const auto decoded = SenseData::encode(sense, format).decode();
    ASSERT_TRUE(decoded);
    EXPECT_EQ(*decoded, sense);
    EXPECT_TRUE(decoded->deferred);
    EXPECT_EQ(decoded->information, 77u);
    ASSERT_TRUE(decoded->field);
    EXPECT_EQ(decoded->field->byte, 9);
    EXPECT_EQ(decoded->field->bit, 3);
    EXPECT_EQ(decoded->field->where, FieldPointer::Where::cdb);
  }
}

TEST(Sense, NoBytesDecodeToNothing) { EXPECT_FALSE(SenseData().decode()); }

TEST(Sense, AnUnknownResponseCodeDecodesToNothing) { EXPECT_FALSE(from({0x7f, 0, 5, 0, 0, 0, 0, 10}).decode()); }

TEST(Sense, SenseCutAfterTheKeyKeepsTheKey) {
  const auto decoded = from({0x70, 0, 0x26}).decode();
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->key, SenseKey::unit_attention);
  EXPECT_EQ(decoded->additional, (AdditionalSense{0, 0}));
}

TEST(Sense, FilemarkAndLengthBitsAreNoPartOfTheKey) {
  EXPECT_EQ(from({0x70, 0, 0xe8, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0}).decode()->key, SenseKey::blank_check);
}

TEST(Sense, ADescriptorThatLiesAboutItsLengthIsNotReadBeyondTheEnd) {
  const auto decoded = from({0x72, 3, 0x11, 0, 0, 0, 0, 200, 0, 10, 0x80, 0, 1, 2}).decode();
  ASSERT_TRUE(decoded);
  EXPECT_EQ(*decoded, Sense::unrecovered_read_error());
  EXPECT_FALSE(decoded->information);
}

TEST(Sense, UnknownDescriptorsAreSteppedOver) {
  const auto decoded =
      from({0x72, 3, 0x11, 0, 0, 0, 0, 16, 0x80, 2, 9, 9, 0, 10, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 5}).decode();
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->information, 5u);
}

TEST(Sense, ADevicesOwnSenseIsKeptByteForByteAndCutAt252) {
  std::vector<std::uint8_t> own(300, 0xab);
  own[0] = 0x70;
  const SenseData data = SenseData::from_device(own);
  ASSERT_EQ(data.bytes().size(), SenseData::longest);
  EXPECT_TRUE(std::equal(data.bytes().begin(), data.bytes().end(), own.begin()));
}

}  // namespace
}  // namespace tgt
