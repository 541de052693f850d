namespace Flip.Conversion.Containers;

/// <summary>NumPy's element types by safetensors' names; those without a counterpart are null.</summary>
internal static class NumpyTypes
{
    /// <summary>The type of a name such as <c>float32</c>, as flax writes it.</summary>
    public static string? OfName(string name) => name switch
    {
        "float64" => "F64",
        "float32" => "F32",
        "float16" => "F16",
        "bfloat16" => "BF16",
        "int64" => "I64",
        "int32" => "I32",
        "int16" => "I16",
        "int8" => "I8",
        "uint64" => "U64",
        "uint32" => "U32",
        "uint16" => "U16",
        "uint8" => "U8",
        "bool" => "BOOL",
        "complex64" => "C64",
        _ => null,
    };

    /// <summary>The type of a code such as <c>&lt;f4</c>, as zarr writes it; little-endian ones only.</summary>
    public static string? OfCode(string code) => code switch
    {
        "<f8" => "F64",
        "<f4" => "F32",
        "<f2" => "F16",

        // NumPy has no such type: TensorStore writes its name, others two bytes without a meaning.
        "bfloat16" or "<V2" or "|V2" => "BF16",
        "<i8" => "I64",
        "<i4" => "I32",
        "<i2" => "I16",
        "|i1" => "I8",
        "<u8" => "U64",
        "<u4" => "U32",
        "<u2" => "U16",
        "|u1" => "U8",
        "|b1" => "BOOL",
        "<c8" => "C64",
        _ => null,
    };
}
