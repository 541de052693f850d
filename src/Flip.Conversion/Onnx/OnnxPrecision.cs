namespace Flip.Conversion.Onnx;

/// <summary>Number format of an export's weights and towers; inputs, outputs and the normalisation of embeddings are always fp32.</summary>
public enum OnnxPrecision
{
    /// <summary>float32.</summary>
    Fp32,

    /// <summary>float16: half the size, made for GPUs. Statistics of LayerNorms, means and embeddings' norms stay in fp32.</summary>
    Fp16,

    /// <summary>
    /// Weights of 8 bits, a quarter of the size: ONNX Runtime's dynamic quantisation, see <see cref="OnnxQuantization"/>. All else is fp32.
    /// </summary>
    Quantized,
}
