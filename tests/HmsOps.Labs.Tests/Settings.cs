// One lab at a time: they measure the whole program against its clock.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
