/* Seconds on the monotonic clock, and naps. Not collective. */
#ifndef CLOCK_H
#define CLOCK_H

double clock_seconds(void);
/* Peak resident memory of this process in bytes (VmHWM), and what it holds now (VmRSS). */
double clock_peak_bytes(void);
double clock_resident_bytes(void);
void clock_nap(double seconds);

#endif
