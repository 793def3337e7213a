// Tests may run in any zone: one far from UTC, with a DST rule, shows code that leans on the host's.
process.env.TZ = 'America/New_York';
