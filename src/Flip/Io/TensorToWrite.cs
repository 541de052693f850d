using static TorchSharp.torch;

namespace Flip.Io;

/// <summary>A tensor that is made when its turn to be written comes.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Type">Its number format.</param>
/// <param name="Shape">Its sizes.</param>
/// <param name="Make">Makes it, of that format and shape; disposed of after writing.</param>
public sealed record TensorToWrite(string Name, ScalarType Type, IReadOnlyList<long> Shape, Func<Tensor> Make);
