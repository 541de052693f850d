using System.Globalization;
using Flip.Models;

namespace Flip.Optim;

/// <summary>
/// Layer-wise learning rates (BEiT, MAE): the rate of layer l of a ViT of <c>depth</c> blocks is decay^(depth + 1 - l) of the head's. Patch embedding,
/// positions, class token and a norm before the blocks are layer 0, block i is layer i + 1; final norm, projection and head have the whole rate.
/// </summary>
/// <param name="Depth">Blocks of the tower.</param>
/// <param name="Decay">Factor from a layer to the one below, in (0, 1].</param>
public sealed record LayerDecay(int Depth, double Decay)
{
    private const string Blocks = "image.blocks.";
    private static readonly string[] FirstLayer = ["image.patchEmbedding.", "image.positions", "image.classToken", "image.preNorm."];

    /// <summary>The layer of a parameter by its name, 0 to <see cref="Depth"/> + 1.</summary>
    public int LayerOf(string parameter)
    {
        if (parameter.StartsWith(Blocks, StringComparison.Ordinal))
        {
            return int.Parse(parameter.AsSpan(Blocks.Length, parameter.IndexOf('.', Blocks.Length) - Blocks.Length), CultureInfo.InvariantCulture) + 1;
        }

        return FirstLayer.Any(name => parameter.StartsWith(name, StringComparison.Ordinal)) ? 0 : Depth + 1;
    }

    /// <summary>The factor on a parameter's learning rate.</summary>
    public double Factor(Parameter parameter) => Math.Pow(Decay, Depth + 1 - LayerOf(parameter.Name));
}
