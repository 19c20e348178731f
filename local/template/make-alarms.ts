/** Alarms of CloudWatch: declared anew at each start, because nothing of them is kept. */
import { AlarmProperties } from '../metrics/alarm.ts';
import type { Maker } from './maker.ts';
import { propertiesOf } from './properties.ts';
import { TemplateRefusal } from './refusal.ts';

const makeAlarm: Maker = async (resource, { metrics }) => {
  const properties = propertiesOf(AlarmProperties, resource);
  try {
    metrics.declare(properties);
    return undefined;
  } catch (error) {
    const sentence = error instanceof Error ? error.message : String(error);
    throw new TemplateRefusal(`Resources.${resource.logicalId} (${resource.type})`, sentence);
  }
};

export const alarmMakers: Readonly<Record<string, Maker>> = { 'AWS::CloudWatch::Alarm': makeAlarm };
