namespace Flip.Distributed;

/// <summary>Numbers that are summed over ranks.</summary>
internal enum NumberType
{
    /// <summary>fp32.</summary>
    Float,

    /// <summary>fp64.</summary>
    Double,

    /// <summary>int64.</summary>
    Int64,
}
