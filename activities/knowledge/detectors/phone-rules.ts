import type { PhoneGroups } from './phone-groups';

/** False for what no rule without a label can begin with: spares tables of numbers the full look. */
export function couldBeUnlabelled({ plus, parenthesised, groups }: PhoneGroups, digits: readonly string[]): boolean {
  const first = digits[0] ?? '';
  if (plus || parenthesised || first.startsWith('0') || first === '1') return true;
  return first.length === 3 || first.length >= 10 || (first.length === 2 && isPairSeparator(groups[1]?.separator));
}

/** The rule by which the first groups, given as their digits, are a phone number; null when there is none. */
export function phoneRule({ plus, parenthesised, groups }: PhoneGroups, digits: readonly string[]): string | null {
  const all = digits.join('');
  if (all.length > 17) return null;
  if (plus) return isInternational(all) ? 'phone_international' : null;
  if (digits.length > 1 && all.length >= 10 && /^00[1-9]/.test(all)) return 'phone_international';
  if (isNorthAmerican(all, shapeOf(digits))) return 'phone_north_american';
  if (all.length < 7 || all.length > 15) return null;
  if (isNational(digits, all)) return 'phone_national';
  if (parenthesised && digits.length > 1 && all.length <= 12) return 'phone_area_code';
  return isPairs(digits) && groups.slice(1, digits.length).every((group) => isPairSeparator(group.separator))
    ? 'phone_pairs'
    : null;
}

/** What counts as a phone number only because the text says so: 7–15 digits in groups of two or more. */
export function isLabelledPhone(digits: readonly string[]): boolean {
  const length = digits.join('').length;
  return length >= 7 && length <= 15 && hasLongGroups(digits);
}

function shapeOf(digits: readonly string[]): string {
  return digits.map((group) => group.length).join('-');
}

function hasLongGroups(digits: readonly string[]): boolean {
  return digits.every((group) => group.length > 1);
}

function isPairs(digits: readonly string[]): boolean {
  return (digits.length === 4 || digits.length === 5) && digits.every((group) => group.length === 2);
}

function isPairSeparator(separator: string | undefined): boolean {
  return separator === '-' || separator === '.';
}

function isInternational(all: string): boolean {
  // North American numbers have a fixed length, so a year or an amount after one does not join it.
  return all.startsWith('1') ? all.length === 11 : all.length >= 7 && all.length <= 15;
}

function isNorthAmerican(all: string, shape: string): boolean {
  if (shape === '3-3-4') return true;
  if (shape === '1-3-3-4' || shape === '1-10' || shape === '11') {
    return /^1[2-9]\d{2}[2-9]/.test(all) || (shape === '1-3-3-4' && all.startsWith('1'));
  }
  return (shape === '10' || shape === '3-7') && /^[2-9]\d{2}[2-9]\d{6}$/.test(all);
}

function isNational(digits: readonly string[], all: string): boolean {
  if (!/^0[1-9]/.test(all)) return false;
  if (digits.length === 1) return all.length === 10 || all.length === 11;
  return all.length >= 9 && all.length <= 12 && hasLongGroups(digits);
}
