using System.Runtime.Versioning;

// One lab at a time: they measure the whole program against its clock.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

// /bin/sh, /usr/bin/python3, /usr/bin/chromium, signals.
[assembly: SupportedOSPlatform("linux")]
