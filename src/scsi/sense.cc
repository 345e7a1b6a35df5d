// SPDX-License-Identifier: Apache-2.0
#include "scsi/sense.h"

#include <algorithm>

#include "base/big_endian.h"

namespace tgt {
namespace {

// SPC-6, 4.4.1: the response codes, with bit 7 (VALID of fixed format) left out.
constexpr std::uint8_t current_fixed = 0x70;
constexpr std::uint8_t deferred_fixed = 0x71;
constexpr std::uint8_t current_descriptor = 0x72;
constexpr std::uint8_t deferred_descriptor = 0x73;

// SPC-6, 4.4.2.4: the three sense key specific bytes.
constexpr std::uint8_t sense_key_specific_valid = 0x80;
constexpr std::uint8_t points_into_command = 0x40;
constexpr std::uint8_t bit_pointer_valid = 0x08;
constexpr std::uint8_t counts_from_segment_descriptor = 0x20;  // SD of a segment pointer

struct SenseKeySpecific {
  std::uint8_t flags = 0;
  be16 value{};
};
static_assert(WireStruct<SenseKeySpecific> && sizeof(SenseKeySpecific) == 3);

// SPC-6, 4.4.3: fixed format sense data.
struct FixedSense {
  std::uint8_t valid_and_response_code = 0;
  std::uint8_t obsolete = 0;
  std::uint8_t flags_and_sense_key = 0;
  be32 information{};
  std::uint8_t additional_sense_length = 10;
  be32 command_specific_information{};
  std::uint8_t additional_sense_code = 0;
  std::uint8_t additional_sense_code_qualifier = 0;
  std::uint8_t field_replaceable_unit_code = 0;
  SenseKeySpecific specific{};
};
static_assert(WireStruct<FixedSense> && sizeof(FixedSense) == 18);
constexpr std::uint8_t information_valid = 0x80;

// SPC-6, 4.4.2: descriptor format sense data.
struct DescriptorSenseHeader {
  std::uint8_t response_code = 0;
  std::uint8_t sense_key = 0;
  std::uint8_t additional_sense_code = 0;
  std::uint8_t additional_sense_code_qualifier = 0;
  std::array<std::uint8_t, 3> flags_and_reserved{};
  std::uint8_t additional_sense_length = 0;
};
static_assert(WireStruct<DescriptorSenseHeader> && sizeof(DescriptorSenseHeader) == 8);

struct InformationDescriptor {
  std::uint8_t type = 0x00;
  std::uint8_t additional_length = 10;
  std::uint8_t valid = 0x80;
  std::uint8_t reserved = 0;
  be64 information{};
};
static_assert(WireStruct<InformationDescriptor> && sizeof(InformationDescriptor) == 12);

struct CommandSpecificDescriptor {
  std::uint8_t type = 0x01;
  std::uint8_t additional_length = 10;
  be16 reserved{};
  be64 information{};
};
static_assert(WireStruct<CommandSpecificDescriptor> && sizeof(CommandSpecificDescriptor) == 12);

struct SenseKeySpecificDescriptor {
  std::uint8_t type = 0x02;
  std::uint8_t additional_length = 6;
  be16 reserved{};
  SenseKeySpecific specific{};
  std::uint8_t reserved_too = 0;
};
static_assert(WireStruct<SenseKeySpecificDescriptor> && sizeof(SenseKeySpecificDescriptor) == 8);

bool key_takes_pointer(SenseKey key) { return key == SenseKey::illegal_request || key == SenseKey::copy_aborted; }
bool key_takes_progress(SenseKey key) { return key == SenseKey::no_sense || key == SenseKey::not_ready; }

// What goes into the sense key specific bytes; flags of zero when there is nothing.
SenseKeySpecific specific_of(const Sense& sense) {
  if (key_takes_pointer(sense.key) && sense.field) {
    unsigned flags = sense_key_specific_valid;
    if (sense.field->where == FieldPointer::Where::cdb) flags |= points_into_command;
    if (sense.field->where == FieldPointer::Where::segment_descriptor) flags |= counts_from_segment_descriptor;
    if (sense.field->bit) flags |= bit_pointer_valid | (*sense.field->bit & 0x07u);
    return {static_cast<std::uint8_t>(flags), sense.field->byte};
  }
  if (key_takes_progress(sense.key) && sense.progress) return {sense_key_specific_valid, *sense.progress};
  return {};
}

void read_specific(const SenseKeySpecific& specific, Sense& sense) {
  if ((specific.flags & sense_key_specific_valid) == 0) return;
  if (key_takes_progress(sense.key)) sense.progress = specific.value;
  if (!key_takes_pointer(sense.key)) return;
  FieldPointer field{.where = FieldPointer::Where::parameter_list, .byte = specific.value};
  if ((specific.flags & points_into_command) != 0) field.where = FieldPointer::Where::cdb;
  if (sense.key == SenseKey::copy_aborted) {
    const bool in_segment = (specific.flags & counts_from_segment_descriptor) != 0;
    field.where = in_segment ? FieldPointer::Where::segment_descriptor : FieldPointer::Where::parameter_list;
  }
  if ((specific.flags & bit_pointer_valid) != 0) field.bit = static_cast<std::uint8_t>(specific.flags & 0x07);
  sense.field = field;
}

FixedSense fixed_of(const Sense& sense) {
  FixedSense fixed;
  fixed.valid_and_response_code = sense.deferred ? deferred_fixed : current_fixed;
  fixed.flags_and_sense_key = static_cast<std::uint8_t>(sense.key);
  if (sense.information && *sense.information <= 0xffffffffull) {
    fixed.valid_and_response_code |= information_valid;
    fixed.information = static_cast<std::uint32_t>(*sense.information);
  }
  if (sense.command_specific && *sense.command_specific <= 0xffffffffull) {
    fixed.command_specific_information = static_cast<std::uint32_t>(*sense.command_specific);
  }
  fixed.additional_sense_code = sense.additional.code;
  fixed.additional_sense_code_qualifier = sense.additional.qualifier;
  fixed.specific = specific_of(sense);
  return fixed;
}

std::optional<Sense> decode_fixed(Bytes bytes) {
  if (bytes.size() < 3) return std::nullopt;
  // Devices send less than 18 bytes now and then; what they left out reads as zero.
  FixedSense fixed;
  fixed.additional_sense_length = 0;
  copy_bytes(bytes, {reinterpret_cast<std::uint8_t*>(&fixed), sizeof fixed});
  Sense sense = Sense::of(static_cast<SenseKey>(fixed.flags_and_sense_key & 0x0f), fixed.additional_sense_code,
                          fixed.additional_sense_code_qualifier);
  sense.deferred = (fixed.valid_and_response_code & 0x7f) == deferred_fixed;
  if ((fixed.valid_and_response_code & information_valid) != 0) sense.information = fixed.information;
  if (const std::uint32_t specific = fixed.command_specific_information; specific != 0) {
    sense.command_specific = specific;
  }
  read_specific(fixed.specific, sense);
  return sense;
}

void read_descriptor(Bytes descriptor, Sense& sense) {
  if (descriptor[0] == InformationDescriptor{}.type) {
    const auto found = read_wire<InformationDescriptor>(descriptor);
    if (found && (found->valid & information_valid) != 0) sense.information = found->information;
  }
  if (descriptor[0] == CommandSpecificDescriptor{}.type) {
    const auto found = read_wire<CommandSpecificDescriptor>(descriptor);
    if (found) sense.command_specific = found->information;
  }
  if (descriptor[0] == SenseKeySpecificDescriptor{}.type) {
    const auto found = read_wire<SenseKeySpecificDescriptor>(descriptor);
    if (found) read_specific(found->specific, sense);
  }
}

std::optional<Sense> decode_descriptors(Bytes bytes) {
  if (bytes.size() < 4) return std::nullopt;
  Sense sense = Sense::of(static_cast<SenseKey>(bytes[1] & 0x0f), bytes[2], bytes[3]);
  sense.deferred = bytes[0] == deferred_descriptor;
  const auto header = read_wire<DescriptorSenseHeader>(bytes);
  if (!header) return sense;
  Bytes rest = bytes.subspan(sizeof *header);
  rest = rest.first(std::min<std::size_t>(rest.size(), header->additional_sense_length));
  while (rest.size() >= 2) {
    const std::size_t length = std::min<std::size_t>(rest.size(), 2u + rest[1]);
    read_descriptor(rest.first(length), sense);
    rest = rest.subspan(length);
  }
  return sense;
}

}  // namespace

SenseData SenseData::encode(const Sense& sense, Format format) {
  SenseData data;
  if (format == Format::fixed) {
    data.append(bytes_of(fixed_of(sense)));
    return data;
  }
  const SenseKeySpecific specific = specific_of(sense);
  DescriptorSenseHeader header{.response_code = sense.deferred ? deferred_descriptor : current_descriptor,
                               .sense_key = static_cast<std::uint8_t>(sense.key),
                               .additional_sense_code = sense.additional.code,
                               .additional_sense_code_qualifier = sense.additional.qualifier};
  if (sense.information) header.additional_sense_length += sizeof(InformationDescriptor);
  if (sense.command_specific) header.additional_sense_length += sizeof(CommandSpecificDescriptor);
  if (specific.flags != 0) header.additional_sense_length += sizeof(SenseKeySpecificDescriptor);
  data.append(bytes_of(header));
  if (sense.information) data.append(bytes_of(InformationDescriptor{.information = *sense.information}));
  if (sense.command_specific) {
    data.append(bytes_of(CommandSpecificDescriptor{.information = *sense.command_specific}));
  }
  if (specific.flags != 0) data.append(bytes_of(SenseKeySpecificDescriptor{.specific = specific}));
  return data;
}

SenseData SenseData::from_device(Bytes sense) {
  SenseData data;
  data.append(sense);
  return data;
}

void SenseData::append(Bytes more) {
  const std::size_t copied = copy_bytes(more, MutableBytes(bytes_).subspan(length_));
  length_ = static_cast<std::uint8_t>(length_ + copied);
}

std::optional<Sense> SenseData::decode() const {
  if (empty()) return std::nullopt;
  switch (bytes_[0] & 0x7f) {
    case current_fixed:
    case deferred_fixed:
      return decode_fixed(bytes());
    case current_descriptor:
    case deferred_descriptor:
      return decode_descriptors(bytes());
    default:
      return std::nullopt;
  }
}

}  // namespace tgt
