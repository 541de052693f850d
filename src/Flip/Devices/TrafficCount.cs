namespace Flip.Devices;

/// <summary>What has passed between the processor's memory and a device.</summary>
/// <param name="Copies">Copies to the device; none of them waits.</param>
/// <param name="Bytes">Bytes of these copies.</param>
/// <param name="Waits">Times that the processor stood still until the device was done: reads of its results, and waits without one.</param>
public readonly record struct TrafficCount(long Copies, long Bytes, long Waits)
{
    /// <summary>What came between two counts.</summary>
    public static TrafficCount operator -(TrafficCount later, TrafficCount earlier) =>
        new(later.Copies - earlier.Copies, later.Bytes - earlier.Bytes, later.Waits - earlier.Waits);

    /// <inheritdoc cref="op_Subtraction"/>
    public static TrafficCount Subtract(TrafficCount later, TrafficCount earlier) => later - earlier;
}
