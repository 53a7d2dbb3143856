// SPDX-License-Identifier: Apache-2.0
// libpcap's offline reader behind errors as values.
#include "formats/pcap_reader.h"

#include <pcap/pcap.h>

namespace ringside::formats {

static_assert(PcapReader::kEthernet == DLT_EN10MB);

void PcapReader::Close::operator()(pcap* handle) const { pcap_close(handle); }

Status PcapReader::open(const std::string& path) {
  char message[PCAP_ERRBUF_SIZE] = "";
  path_ = path;
  packets_ = 0;
  status_ = Status::success();
  handle_.reset(
      pcap_open_offline_with_tstamp_precision(path.c_str(), PCAP_TSTAMP_PRECISION_NANO, message));
  if (handle_ == nullptr) {
    // libpcap names the file in some of its messages.
    const std::string text = message;
    const bool named = text.rfind(path, 0) == 0;
    status_ = Status::failure(named ? text : path + ": cannot read the capture: " + text);
  }
  return status_;
}

Status PcapReader::open_ethernet(const std::string& path) {
  if (Status opened = open(path); !opened.ok()) return opened;
  if (link_type() != kEthernet) {
    const char* name = pcap_datalink_val_to_name(link_type());
    status_ = Status::failure(path + ": an Ethernet capture is needed, this has link type " +
                              (name == nullptr ? std::to_string(link_type()) : name));
    handle_.reset();
  }
  return status_;
}

std::optional<CapturedPacket> PcapReader::next() {
  if (handle_ == nullptr || !status_.ok()) return std::nullopt;
  pcap_pkthdr* header = nullptr;
  const unsigned char* data = nullptr;
  const int result = pcap_next_ex(handle_.get(), &header, &data);
  if (result == PCAP_ERROR_BREAK) return std::nullopt;
  if (result != 1) {
    status_ = Status::failure(path_ + ": packet " + std::to_string(packets_ + 1) + ": " +
                              pcap_geterr(handle_.get()));
    return std::nullopt;
  }
  ++packets_;
  CapturedPacket packet;
  packet.time_ns = static_cast<uint64_t>(header->ts.tv_sec) * 1'000'000'000u +
                   static_cast<uint64_t>(header->ts.tv_usec);
  packet.original_bytes = header->len;
  packet.bytes = std::as_bytes(std::span(data, header->caplen));
  return packet;
}

int PcapReader::link_type() const { return handle_ == nullptr ? -1 : pcap_datalink(handle_.get()); }

}  // namespace ringside::formats
