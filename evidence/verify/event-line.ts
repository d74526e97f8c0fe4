import { findDoubleMember, parseJson } from '../json-text';

export interface EventLine {
  /** Undefined where the line is no JSON. */
  readonly value: unknown;
  /** The name of a member that one of its objects has twice. */
  readonly double: string | undefined;
}

/** The value of the line of one event, of which nothing is checked yet. */
export function parseEventLine(line: string): EventLine {
  return parseBesideBytes(line) ?? parseWhole(line);
}

function parseWhole(line: string): EventLine {
  const value = parseJson(line);
  return { value, double: findDoubleMember(line, value) };
}

const [bytesStart, bytesEnd] = [',"bytes":"', '"}'];

/**
 * The bytes are most of a line and stand last. Where they hold no escape they are what they say, and only what stands
 * before them is parsed: when that is an object with members, then so is the line, with one member more. JSON has no room
 * for control characters in it, and base64 has none either.
 */
function parseBesideBytes(line: string): EventLine | undefined {
  const cut = line.indexOf(bytesStart);
  const start = cut + bytesStart.length;
  const end = line.length - bytesEnd.length;
  if (cut === -1 || line.indexOf('"', start) !== end || !line.endsWith(bytesEnd) || line.includes('\\'))
    return undefined;
  const text = `${line.slice(0, cut)}}`;
  const value = parseJson(text) as Record<string, unknown> | undefined;
  if (value === undefined || Object.keys(value).length === 0 || 'bytes' in value) return undefined;
  if (findDoubleMember(text, value) !== undefined) return undefined;
  value['bytes'] = line.slice(start, end);
  return { value, double: undefined };
}
