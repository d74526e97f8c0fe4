export { detectPersonalData } from './detect-personal-data';
export { detectorVersion, type Finding } from './finding';
