import { describe, expect, it } from 'vitest';
import { checkCron, checkTimeZone } from '../../../src/domain/resources/cron-expression.ts';

describe('checkCron', () => {
  it.each([
    '* * * * *',
    '0 6 * * 1-5',
    '*/15 0-6,20-23 * * *',
    '5/10 * * * *',
    '0 0 1,15 * MON',
    '0 0 * jan-mar sun-sat',
    '0 0 * * 7',
    '0 0 29 2 *',
    '0 0 31 2 mon',
    '  0 6  * * *  ',
  ])('accepts %j', (expression) => {
    expect(() => checkCron(expression)).not.toThrow();
  });

  it.each([
    ['0 6 * *', 'five fields'],
    ['0 0 6 * * *', 'five fields'],
    ['@daily', 'five fields'],
    ['60 * * * *', 'minute "60" is not within 0-59'],
    ['* 24 * * *', 'hour "24" is not within 0-23'],
    ['* * 0 * *', 'day of month "0" is not within 1-31'],
    ['* * * 13 *', 'month "13" is not within 1-12'],
    ['* * * * 8', 'day of week "8" is not within 0-7'],
    ['* * * * fri-mon', 'day of week "fri-mon" is not within'],
    ['*/0 * * * *', 'minute "*/0" is not within'],
    ['1-2-3 * * * *', 'minute "1-2-3" is not within'],
    ['1/2/3 * * * *', 'minute "1/2/3" is not within'],
    ['1, * * * *', 'minute "" is not within'],
    ['-1 * * * *', 'minute "-1" is not within'],
    ['1.5 * * * *', 'minute "1.5" is not within'],
    ['* * * * monday', 'day of week "monday" is not within'],
    ['0 0 30 2 *', 'no such day'],
    ['0 0 31 4,6 *', 'no such day'],
  ])('refuses %j', (expression, message) => {
    expect(() => checkCron(expression)).toThrow(message);
  });
});

describe('checkTimeZone', () => {
  it.each(['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires'])('accepts %s', (name) => {
    expect(() => checkTimeZone(name)).not.toThrow();
  });

  it.each(['', 'Berlin', '+02:00', 'Europe/', 'a b'])('refuses %j', (name) => {
    expect(() => checkTimeZone(name)).toThrow('is not an IANA time zone');
  });
});
