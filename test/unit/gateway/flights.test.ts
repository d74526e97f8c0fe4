import { createFlights } from '../../../api/mcp/flights';

const flight = { callerId: 'key_a', requestId: 1, key: 'first' };

it('knows the key of a request for as long as it is open', async () => {
  const flights = createFlights();
  await flights.during(flight, async () => {
    expect(flights.keyOf(flight)).toBe('first');
    expect(flights.keyOf({ ...flight, requestId: '1' })).toBeUndefined();
    expect(flights.keyOf({ ...flight, callerId: 'key_b' })).toBeUndefined();
  });
  expect(flights.keyOf(flight)).toBeUndefined();
});

it('names no call where two clients of one key count alike', async () => {
  const flights = createFlights();
  await flights.during(flight, async () => {
    await flights.during({ ...flight, key: 'second' }, async () => {
      expect(flights.keyOf(flight)).toBeUndefined();
    });
    expect(flights.keyOf(flight)).toBe('first');
  });
});
