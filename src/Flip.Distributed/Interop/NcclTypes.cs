namespace Flip.Distributed.Interop;

/// <summary>ncclDataType_t.</summary>
internal enum NcclType
{
    /// <summary>Signed bytes.</summary>
    Int8 = 0,

    /// <summary>Bytes.</summary>
    Uint8 = 1,

    /// <summary>int64.</summary>
    Int64 = 4,

    /// <summary>fp32.</summary>
    Float32 = 7,

    /// <summary>fp64.</summary>
    Float64 = 8,
}

/// <summary>ncclRedOp_t.</summary>
internal enum NcclOperation
{
    /// <summary>Sums.</summary>
    Sum = 0,

    /// <summary>The largest.</summary>
    Max = 2,
}

/// <summary>ncclUniqueId: by which ranks find each other. It goes by value.</summary>
internal unsafe struct NcclUniqueId
{
    /// <summary>NCCL_UNIQUE_ID_BYTES.</summary>
    public const int Size = 128;

    /// <summary>What is in it is NCCL's.</summary>
    public fixed byte Internal[Size];
}
