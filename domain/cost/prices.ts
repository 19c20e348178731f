/**
 * The list prices of AWS from which costs are estimated, in millionths of a dollar: us-east-1, Linux, as they were written down on
 * the date below. Those of Fargate are from a page of Vantage about them, those of Lambda from AWS's own. None was compared with the
 * Price List API or with an invoice, and no other Region was looked up; compare them before you rely on them.
 *
 * @see https://www.vantage.sh/blog/fargate-pricing and https://aws.amazon.com/lambda/pricing; to compare with,
 *   https://aws.amazon.com/fargate/pricing
 */
import * as z from 'zod';

export const PRICES_DATE = '2026-11-24';

interface FargatePrice {
  readonly vcpuHour: number;
  readonly gibHour: number;
}

export interface RegionPrices {
  readonly fargate: Readonly<Record<'arm64' | 'x86_64', FargatePrice>>;
  readonly lambda: { readonly gibSecond: number; readonly request: number };
}

/** A Region without prices here is estimated with those of `PRICED_AS`, and reports say so. */
export const PRICED_AS = 'us-east-1';

export const regionPrices: Readonly<Record<string, RegionPrices>> = {
  'us-east-1': {
    fargate: {
      arm64: { vcpuHour: 32_380, gibHour: 3560 },
      x86_64: { vcpuHour: 40_480, gibHour: 4445 },
    },
    lambda: { gibSecond: 13.3334, request: 0.2 },
  },
};

/** What Headgate itself costs for one plain job (docs/performance.md): requests and writes, not the container. */
export const OWN_USD_MICRO_PER_JOB = 11;

/** What a deployment knows of its prices. */
export const Pricing = z.object({
  region: z.string().min(1),
  /** The price of Fargate Spot as a part of Fargate's: it changes from day to day. */
  spotFactor: z.number().min(0.1).max(1),
});
export type Pricing = z.infer<typeof Pricing>;

export const pricesIn = (region: string): RegionPrices => {
  const known = regionPrices[region] ?? regionPrices[PRICED_AS];
  if (known === undefined) throw new Error(`There are no prices of ${PRICED_AS}`);
  return known;
};
