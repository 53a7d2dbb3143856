// SPDX-License-Identifier: Apache-2.0
// Deliberate faults of the card, one of which can be switched on in a build with NIC_FAULTS: who
// compares the card with its model must find each (tests/differential, which reads names, numbers
// and comments here). A build without has none, and no logic for them.
package nic_faults_pkg;
  typedef enum logic [7:0] {
    NoFault,
    // -- used_ring
    IndexBeforeEntries,  // the used index is written before the last entries
    UsedEntryLost,  // every sixteenth batch of used entries is not written
    UsedRingEnd,  // used entries run over the end of the ring
    EventIndexLate,  // a batch that ends just behind used_event does not interrupt
    InterruptBeforeIndex,  // used_event is read before the used index has left
    UnknownAnswer,  // whether used_event has been read is not reset, and unknown at first
    // -- rx_path
    UsedLengthLong,  // the used length counts a byte more
    NumBuffersOne,  // num_buffers is 1 whatever the packet takes
    ShortNotCounted,  // frames that are too short are dropped without being counted
    FcsIgnored,  // frames with a wrong check sequence are taken
    LongestDropped,  // a frame of the whole MTU is too long
    MergedOneByOne,  // each buffer of a packet ends one
    PayloadNotHeld,  // a payload write that is not taken at once is lost
    // -- dma_write
    LastByteLost,  // the last byte of a write whose length leaves 3 in a division by 4
    PayloadTurned,  // what does not begin in lane 0 is turned a byte too far
    NextPartStale,  // what follows a cut comes from the row before
    // -- dma_read
    LaterCompletionFar,  // what a second completion brings lands 4 bytes too far
    FailedReadGood,  // a completion with an error status is taken for success
    ReadShort,  // the last request of a read asks for a byte less
    WrongHandle,  // a read of the transmit path ends as that of its neighbour
    // -- ring_engine
    NoFreshSample,  // no look at the available index behind avail_event
    AvailEventAhead,  // avail_event is one too high
    AvailRingEnd,  // available entries are read beyond the end of the ring
    IndexJumpIgnored,  // the available index may jump
    EntriesTwice,  // an entry is fetched again at the end of a full batch
    // -- chain_walker
    StaleDescriptor,  // the last head of the window is the one that was there before
    NextIgnored,  // the head's `next` is taken for 0
    ChainCutShort,  // a chain ends with its third descriptor
    ReadableBehindWritable,  // that order is accepted
    ZeroLengthAccepted,  // an empty descriptor is no error
    RunLeftOver,  // a chain that goes on elsewhere goes on with what is left of a run
    FailedRunUsed,  // a run of which something failed is taken for good
    // -- tx_path
    FrameLong,  // sent frames have a byte more
    FrameOrderSwapped,  // of two frames that are whole the second leaves first
    WrongUsedId,  // the id in a used entry of a sent frame is its neighbour's
    // -- host_slave, msix_table, virtio_regs
    MaskedVectorSent,  // a message leaves although its vector is masked
    PendingLost,  // what a masked vector held back is forgotten
    HeldReadEarly,  // a read of device_status does not wait for firmware
    DoorbellNotCounted,  // in the counter
    IsrStays,  // reading the ISR status does not clear it
    PendingOverReset,  // a reset leaves pending bits
    VectorOverReset,  // a reset leaves config_msix_vector
    SelectorOverReset,  // a reset leaves queue_select
    // -- management
    EventQueueWrong,  // an event of a virtqueue names its neighbour
    EventLost  // every eighth event does not reach firmware
  } fault_e;

`ifdef NIC_FAULTS
  fault_e selected_fault  /* verilator public_flat_rw */;
`else
  localparam fault_e selected_fault = NoFault;
`endif

  function automatic logic fault(input fault_e which);
    return selected_fault == which;
  endfunction
endpackage
