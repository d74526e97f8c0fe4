import type { PhoneGroups } from './phone-groups';

/** The rule by which the first `count` groups are a phone number, or null. */
export function phoneRule(
  text: string,
  { plus, parenthesised, groups }: PhoneGroups,
  count: number,
  isLabelled: () => boolean,
): string | null {
  const taken = groups.slice(0, count);
  const digits = taken.map(({ start, end }) => text.slice(start, end));
  const all = digits.join('');
  const shape = digits.map((group) => group.length).join('-');
  if (plus) return isInternational(all) ? 'phone_international' : null;
  if (/^00[1-9]/.test(all) && all.length >= 10 && all.length <= 17 && count > 1) return 'phone_international';
  if (isNorthAmerican(all, shape)) return 'phone_north_american';
  if (all.length < 7 || all.length > 15) return null;
  if (isNational(digits, all)) return 'phone_national';
  if (parenthesised && count > 1 && all.length <= 12) return 'phone_area_code';
  if (/^2-2-2-2(?:-2)?$/.test(shape) && taken.slice(1).every(({ separator }) => /^[-.]$/.test(separator))) {
    return 'phone_pairs';
  }
  return digits.every((group) => group.length > 1) && isLabelled() ? 'phone_labelled' : null;
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
  return all.length >= 9 && all.length <= 12 && digits.every((group) => group.length > 1);
}
