import { Option } from 'commander';
import { integerBetween } from '../../option-values';

/** How long a command waits for a discovery before it gives up. */
export function discoveryTimeoutOption(): Option {
  return new Option('--timeout <seconds>', 'give up waiting after this time')
    .argParser(integerBetween(1, 3_600))
    .default(120);
}
