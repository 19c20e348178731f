/** Which cells are numbers: those that a double holds and that a person would add up. */

/** Without leading zeros: `00501` is a postal code. Without thousands separators, currencies or digits of other scripts. */
const DECIMAL = /^[+-]?(?:0|[1-9]\d*|(?=\.\d))(?:\.\d*)?(?:[eE][+-]?\d+)?$/;
const EXPONENT = /e/i;
const NOT_ZERO = /^[^eE]*[1-9]/;

/**
 * @param decimal the sign between a whole number and its fraction
 * @returns undefined for text, also for text that only looks like a number: the part number 101E010031, which no double
 *   holds, 1e-400, which would become 0, and the account number 9007199254740993, which would lose a digit
 */
export function numberIn(cell: string, decimal: '.' | ','): number | undefined {
  const text = decimal === ',' ? withPoint(cell) : cell;
  if (!DECIMAL.test(text)) return undefined;
  const value = Number(text);
  if (!Number.isFinite(value)) return undefined;
  if (value === 0) return NOT_ZERO.test(cell) ? undefined : 0;
  return Math.abs(value) > Number.MAX_SAFE_INTEGER && !EXPONENT.test(cell) ? undefined : value;
}

/** A point separates thousands where a comma separates a fraction, so a cell that has one is text. */
const withPoint = (cell: string) => (cell.includes('.') ? '' : cell.replace(',', '.'));
