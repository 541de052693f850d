using System.Collections.Frozen;
using static TorchSharp.torch;

namespace Flip.Storage;

/// <summary>The element types of safetensors, and libtorch's for those that it has.</summary>
internal static class SafetensorsTypes
{
    private static readonly FrozenDictionary<string, ScalarType> Torch = new Dictionary<string, ScalarType>
    {
        ["BOOL"] = ScalarType.Bool,
        ["U8"] = ScalarType.Byte,
        ["I8"] = ScalarType.Int8,
        ["I16"] = ScalarType.Int16,
        ["I32"] = ScalarType.Int32,
        ["I64"] = ScalarType.Int64,
        ["F16"] = ScalarType.Float16,
        ["BF16"] = ScalarType.BFloat16,
        ["F32"] = ScalarType.Float32,
        ["F64"] = ScalarType.Float64,
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<ScalarType, string> Names = Torch.ToFrozenDictionary(pair => pair.Value, pair => pair.Key);

    /// <summary>Bytes of an element, also of types that cannot be read; null for an unknown type.</summary>
    public static int? SizeOf(string type) => type switch
    {
        "BOOL" or "U8" or "I8" or "F8_E5M2" or "F8_E4M3" or "F8_E8M0" => 1,
        "I16" or "U16" or "F16" or "BF16" => 2,
        "I32" or "U32" or "F32" => 4,
        "I64" or "U64" or "F64" or "C64" => 8,
        _ => null,
    };

    /// <summary>libtorch's type, or null where it has none.</summary>
    public static ScalarType? ToTorch(string type) => Torch.TryGetValue(type, out var known) ? known : null;

    /// <summary>The name in a file, or null for a type that the format lacks.</summary>
    public static string? NameOf(ScalarType type) => Names.GetValueOrDefault(type);
}
