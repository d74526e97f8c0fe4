import { locateTemporal, type TemporalSource } from '../../../scripts/stack/temporal/locate';
import { temporalSources } from '../../../scripts/stack/temporal/sources';

function fakes(...found: (string | undefined)[]) {
  const tried: number[] = [];
  const sources: TemporalSource[] = found.map((path, index) => ({
    announcement: `place ${index}`,
    async find() {
      tried.push(index);
      return path;
    },
  }));
  return { sources, tried };
}

it('tries the places in order and stops at the first binary', async () => {
  const { sources, tried } = fakes(undefined, '/cache/temporal', '/never');
  const said: string[] = [];
  await expect(locateTemporal(sources, { say: (line) => void said.push(line) })).resolves.toBe('/cache/temporal');
  expect(tried).toEqual([0, 1]);
  expect(said).toEqual(['place 0', 'place 1']);
});

it('says what to do when no place has one', async () => {
  const { sources } = fakes(undefined, undefined);
  await expect(locateTemporal(sources, { say() {} })).rejects.toThrow(/install .* or set TEMPORAL_ADDRESS/);
});

it('stops between two places when the start is given up', async () => {
  const { sources, tried } = fakes('/temporal');
  await expect(locateTemporal(sources, { say() {}, signal: AbortSignal.abort() })).rejects.toThrow();
  expect(tried).toEqual([]);
});

it('looks on the PATH, in the cache, downloads, then builds', () => {
  const places = temporalSources({ say() {}, env: { XDG_CACHE_HOME: '/cache' } }).map(
    ({ announcement }) => announcement,
  );
  expect(places).toEqual([
    expect.stringMatching(/PATH/),
    expect.stringMatching(/\/cache\/aos\/temporal-1\.5\.1/),
    expect.stringMatching(/downloading.*up to/),
    expect.stringMatching(/building.*minutes/),
  ]);
});
