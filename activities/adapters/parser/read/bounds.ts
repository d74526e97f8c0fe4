/** What a document may ask of its reader; more is a dead letter. Time and memory are bounded from outside the thread. */
export const bounds = {
  textCharactersMax: 50_000_000,
  zipEntriesMax: 10_000,
  /** Of all parts that are read. */
  inflatedBytesMax: 100_000_000,
  /** Inflated to deflated, of an entry that is large enough to matter. */
  inflationMax: 250,
  inflationFromBytes: 4_000_000,
  /** Of the values of one JSON text in memory, estimated from above. */
  jsonBytesMax: 320_000_000,
  xmlDepthMax: 200,
  pagesMax: 5_000,
  slidesMax: 2_000,
  rowsMax: 1_048_576,
  /** Of one sheet, empty ones within its extent included. */
  cellsMax: 4_000_000,
  attachmentsMax: 100,
  mailPartsDepthMax: 30,
  mailHeaderBytesMax: 512 * 1024,
  /** A mail in a mail in a mail. */
  mailDepthMax: 3,
} as const;
