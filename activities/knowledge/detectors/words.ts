/** Latin letters with and without accents, for use inside a character class. */
export const upper = 'A-ZÀ-ÖØ-ÞĀĂĄĆĈĊČĎĐĒĖĘĚĞĢĪĮİĶĹĽŁŃŅŇŌŐŒŔŘŚŞŠŢŤŪŮŰŲŸŹŻŽ';
export const letter = 'A-Za-zÀ-ÖØ-öø-ÿĀ-žȘșȚț';
