/** The two CRCs of S3's checksums that Node does not have. Both are reflected, start with ones and end inverted. */

/** Castagnoli's polynomial, reflected. */
const CRC32C = 0x82f63b78n;
/** NVMe's polynomial, reflected. @see NVM Express NVM Command Set specification, "64b CRC Polynomials" */
const CRC64NVME = 0x9a6c9329ac4bc9b5n;

export const crc32c = crc(CRC32C, 4);
export const crc64Nvme = crc(CRC64NVME, 8);

/** One table, split in halves: a BigInt for each byte of an object would take seconds for some megabytes. */
function crc(polynomial: bigint, bytes: 4 | 8): (data: Buffer) => Buffer {
  const [low, high] = [new Uint32Array(256), new Uint32Array(256)];
  for (let byte = 0; byte < 256; byte += 1) {
    let value = BigInt(byte);
    for (let bit = 0; bit < 8; bit += 1) value = value & 1n ? (value >> 1n) ^ polynomial : value >> 1n;
    low[byte] = Number(value & 0xffff_ffffn);
    high[byte] = Number(value >> 32n);
  }
  return (data) => {
    let lower = 0xffff_ffff;
    let upper = bytes === 8 ? 0xffff_ffff : 0;
    for (const byte of data) {
      const row = (lower ^ byte) & 0xff;
      lower = ((lower >>> 8) | (upper << 24)) ^ (low[row] ?? 0);
      upper = (upper >>> 8) ^ (high[row] ?? 0);
    }
    const sum = Buffer.alloc(8);
    sum.writeInt32BE(~upper, 0);
    sum.writeInt32BE(~lower, 4);
    return sum.subarray(8 - bytes);
  };
}
