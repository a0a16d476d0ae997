/** How many writers may be first, one after the other, before a record of the ledger is given up. */
export const maxLedgerRaces = 100

/** Before a lost race is run again, at most; a random share of it is taken. */
export const ledgerRaceDelayMs = 100

/** How many ids a ledger head keeps: the record's own limit. */
export const maxRecentEntries = 100

/** How far apart two clocks may be: S3 refuses requests beyond it. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html (RequestTimeTooSkewed) */
export const maxClockSkewMs = 15 * 60 * 1000

/** How many tags are looked through for the one that was perhaps meant. */
export const maxTagsForHint = 1000
