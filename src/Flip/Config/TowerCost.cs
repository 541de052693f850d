namespace Flip.Config;

/// <summary>Cost of a part of the model for one image or text.</summary>
/// <param name="Tokens">Tokens that pass through it.</param>
/// <param name="Parameters">Numbers it holds.</param>
/// <param name="ForwardFlops">Operations of its forward pass, a multiply-add being two.</param>
public sealed record TowerCost(int Tokens, long Parameters, double ForwardFlops);
