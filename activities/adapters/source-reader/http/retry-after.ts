/** The wait that the header asks for, in seconds or as a date; undefined when it says nothing that can be understood. */
export function retryAfterMs(header: string | undefined): number | undefined {
  const value = header?.trim() ?? '';
  if (/^\d{1,10}$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(date - Date.now(), 0);
}
