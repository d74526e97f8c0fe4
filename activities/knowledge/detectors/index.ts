export { detectPersonalData } from './detect-personal-data';
export { detectorVersion, type Finding, type PersonalDataKind } from './finding';
