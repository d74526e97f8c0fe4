import { detectPersonalData } from '../activities/knowledge/detectors';
import { nearMisses } from '../test/support/near-misses';

const limitMs = 1_000;

// Linear time on any input: each megabyte of near misses in under a second. One JSON line per text.
let failed = false;
for (const [text, content] of Object.entries(nearMisses)) {
  const began = performance.now();
  const findings = detectPersonalData(content).length;
  const ms = Math.round(performance.now() - began);
  failed ||= ms >= limitMs;
  process.stdout.write(`${JSON.stringify({ bench: 'near-misses', text, ms, findings, ok: ms < limitMs })}\n`);
}
process.exitCode = failed ? 1 : 0;
