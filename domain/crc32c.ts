/**
 * Arithmetic on finished CRC-32C values (Castagnoli, reflected, as PostgreSQL and S3 use it): what a CRC of joined bytes is,
 * without the bytes. After "combining CRCs" as zlib does it: appending n bytes multiplies by x^(8n) modulo the polynomial.
 */
const polynomial = 0x82f63b78;

/** Product of two polynomials modulo the CRC's; bit 31 is x^0. */
function multiply(a: number, b: number): number {
  let product = 0;
  for (let bit = 0x80000000; bit !== 0; bit >>>= 1) {
    if (a & bit) product ^= b;
    b = b & 1 ? (b >>> 1) ^ polynomial : b >>> 1;
  }
  return product >>> 0;
}

/** x^(2^k) for every k a length in bits can need. */
const squares: number[] = [0x40000000];
for (let k = 1; k < 64; k++) squares.push(multiply(squares[k - 1] as number, squares[k - 1] as number));

/** x^(8 × bytes) */
function shift(bytes: number): number {
  let power = 0x80000000;
  for (let k = 3, rest = bytes; rest > 0; k++, rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) power = multiply(squares[k] as number, power);
  }
  return power;
}

/** CRC-32C of A followed by B, from both CRCs and B's length in bytes. */
export function combineCrc32c(crcA: number, crcB: number, lengthB: number): number {
  return (multiply(shift(lengthB), crcA >>> 0) ^ crcB) >>> 0;
}
