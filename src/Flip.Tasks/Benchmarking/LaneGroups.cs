namespace Flip.Tasks.Benchmarking;

/// <summary>What the steps of a setting take of a device's memory.</summary>
/// <param name="Model">Which model; equal numbers are one model.</param>
/// <param name="ModelBytes">Its weights, gradient and moments.</param>
/// <param name="HeldBytes">Pairs that are read ahead.</param>
/// <param name="StepBytes">What a step needs while it is made.</param>
internal readonly record struct LaneMemory(int Model, double ModelBytes, double HeldBytes, double StepBytes);

/// <summary>Which settings are measured together, where not all models fit in memory.</summary>
internal static class LaneGroups
{
    /// <summary>Groups of settings in their order, each with the first setting at its head. A setting that does not even fit beside the first has a group with it.</summary>
    /// <param name="lanes">The settings, one or more.</param>
    /// <param name="room">Bytes that a group may take.</param>
    public static List<List<int>> Of(IReadOnlyList<LaneMemory> lanes, double room)
    {
        var groups = new List<List<int>> { new() { 0 } };
        for (var lane = 1; lane < lanes.Count; lane++)
        {
            if (groups[^1].Count > 1 && Bytes([.. groups[^1], lane], lanes) > room)
            {
                groups.Add([0]);
            }

            groups[^1].Add(lane);
        }

        return groups;
    }

    /// <summary>What a group takes: each model once, all pairs that are read ahead, and one step, the largest.</summary>
    public static double Bytes(IReadOnlyList<int> group, IReadOnlyList<LaneMemory> lanes)
    {
        var held = group.Select(lane => lanes[lane]).ToList();
        return held.DistinctBy(lane => lane.Model).Sum(lane => lane.ModelBytes) + held.Sum(lane => lane.HeldBytes) + held.Max(lane => lane.StepBytes);
    }
}
